"""Serializers that say no to what they do not know."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictInput(serializers.Serializer):
    """Input with a field that does not exist is refused: a typo must not be silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown fields, then read as always."""
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = "、".join(name for name, field in self.fields.items() if not field.read_only)
                told = serializers.ErrorDetail(_("没有这个字段;可用的是 %s。") % known, code="unknown_field")
                raise serializers.ValidationError({str(name): [told] for name in unknown})
        return super().to_internal_value(data)


class ProblemEntry(serializers.Serializer):
    """One wrong field of a request."""

    field = serializers.CharField(
        allow_blank=True, help_text="Dotted path of the field, or name of the parameter; empty for the whole"
    )
    pointer = serializers.CharField(
        allow_blank=True, help_text="The same as a JSON pointer (RFC 6901) into the request's body"
    )
    code = serializers.CharField(help_text="Stable code of the rule")
    detail = serializers.CharField(help_text="What is wrong, in the caller's language")
    remedy = serializers.CharField(required=False, help_text="How to mend it")


class Problem(serializers.Serializer):
    """A refusal (RFC 9457, application/problem+json)."""

    type = serializers.CharField(help_text="urn:cityops:problem:CODE")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; see docs/api.md for the list")
    detail = serializers.CharField(required=False)
    instance = serializers.CharField(required=False, help_text="Names the request; quote it when asking for help")
    errors = ProblemEntry(many=True, required=False)  # type: ignore[assignment]  # the problem's own field name
