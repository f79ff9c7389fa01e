"""What every operation of the schema says without being told: refusals, keys for repeats, ETags."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from cityops.foundation.api.serializers import Problem

REFUSALS = {
    "400": "Something given is not what it should be; `errors` names field, rule and remedy",
    "401": "No sign-in, or a token that is malformed, unknown, expired or revoked",
    "403": "Known, but without the permission or the token's scope",
    "404": "Not there, or not visible to you: the two are not told apart",
    "406": "No content type that Accept names can be given; this API speaks application/json",
    "409": "The present state does not allow this",
    "412": "Changed since it was read (If-Match)",
    "413": "The body is larger than is read here",
    "415": "The body is not of a type that is read here",
    "422": "The Idempotency-Key belongs to another request",
    "429": "Too many requests; Retry-After says when",
    "503": "It took longer than is allowed, or something that is needed does not answer; try again later",
}
ALWAYS = ("401", "403", "406", "429", "503")
ON_WRITE = ("400", "409", "413", "415")


class Schema(AutoSchema):
    """The schema of one operation. A view says what cannot be seen from outside in two members:

    ``heeds_if_match``: its writes call ``check_unchanged``; ``refuses``: further statuses, as ("404",) where a
    parameter of a list names a thing that may not be there.
    """

    def get_override_parameters(self) -> list[Any]:
        """Headers that the mixins understand."""
        found: list[Any] = list(super().get_override_parameters())
        if self._is_write() and getattr(self.view, "is_idempotent", False):
            found.append(_header("Idempotency-Key", "A new UUID per request; a repeat with it happens once"))
        if self._heeds_if_match():
            found.append(_header("If-Match", "The ETag of the state you read; 412 when it changed since"))
        if self.method == "GET" and getattr(self.view, "is_polled", False):
            found.append(_header("If-None-Match", "The ETag of the answer you have; 304 when nothing changed"))
        return found

    def _map_serializer_field(self, field: Any, *args: Any, **kwargs: Any) -> Any:
        """A choice that the model leaves empty may be empty in an answer too; read-only fields forget that."""
        if isinstance(field, serializers.ChoiceField) and field.read_only and _is_blank_in_model(field):
            field.allow_blank = True
        return super()._map_serializer_field(field, *args, **kwargs)

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response" or getattr(self.view, "is_public", False):
            return bodies
        for status in self._refusals():
            bodies.setdefault(status, self._refusal(status))
        if self.method == "GET" and getattr(self.view, "is_polled", False):
            bodies.setdefault("304", {"description": "Nothing changed since the answer with this ETag"})
        return dict(sorted(bodies.items()))

    def _is_write(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH", "DELETE")

    def _heeds_if_match(self) -> bool:
        return self._is_write() and getattr(self.view, "heeds_if_match", False)

    def _refusals(self) -> list[str]:
        found = [*ALWAYS, *getattr(self.view, "refuses", ())]
        if self._is_write():
            found += ON_WRITE
        elif any(parameter["in"] == "query" for parameter in self._get_parameters()):
            found.append("400")
        if "{" in self.path:
            found.append("404")
        if self._heeds_if_match():
            found.append("412")
        if self._is_write() and getattr(self.view, "is_idempotent", False):
            found.append("422")
        return found

    def _refusal(self, status: str) -> dict[str, Any]:
        component = self.resolve_serializer(Problem, "response")
        return {
            "description": REFUSALS[status],
            "content": {"application/problem+json": {"schema": component.ref}},
        }


def _header(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text)


def _is_blank_in_model(field: Any) -> bool:
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    if model is None or field.source not in {own.name for own in model._meta.get_fields()}:
        return False
    return bool(getattr(model._meta.get_field(field.source), "blank", False))
