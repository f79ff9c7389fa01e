"""What the API says of organisations, people and the caller."""

from rest_framework import serializers

from cityops.accounts.models import Organisation, User
from cityops.accounts.services.organisations import FIELDS
from cityops.foundation.api.serializers import StrictInput


class Me(serializers.Serializer):
    """Who the caller is, where, and what it may."""

    username = serializers.CharField()
    name = serializers.CharField()
    is_integration = serializers.BooleanField()
    division_code = serializers.CharField()
    org_code = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="Scopes of the token; empty for a person signed in on the pages"
    )
    token_expires_at = serializers.DateTimeField(allow_null=True)
    node_code = serializers.CharField()


class OrganisationOut(serializers.ModelSerializer):
    """机构 (JC02)."""

    class Meta:
        model = Organisation
        fields = (
            "org_code",
            "name",
            "short_name",
            "org_type",
            "division_code",
            "parent_code",
            "industry",
            "duty_scope",
            "status",
            "origin_code",
        )


class OrganisationChange(StrictInput, serializers.ModelSerializer):
    """What may be changed of an organisation."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="For the audit trail")

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = (*FIELDS, "reason")


class OrganisationNew(OrganisationChange):
    """A new organisation; its code never changes afterwards."""

    org_code = serializers.CharField(max_length=18)

    class Meta(OrganisationChange.Meta):
        fields = ("org_code", *OrganisationChange.Meta.fields)


class PersonOut(serializers.ModelSerializer):
    """人员, for who administers them."""

    org_code = serializers.CharField(source="organisation.org_code", default="")
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "username",
            "name",
            "division_code",
            "org_code",
            "roles",
            "is_active",
            "is_integration",
            "last_login",
            "created_at",
        )

    def get_roles(self, person: User) -> list[str]:
        """Codes of the roles."""
        return [role.code for role in getattr(person, "held", None) or person.roles]
