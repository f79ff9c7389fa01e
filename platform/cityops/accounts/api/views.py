"""The caller, organisations, people."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api import serializers
from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.accounts.models import ApiToken, Organisation, Role, User
from cityops.accounts.services.organisations import change_organisation, create_organisation
from cityops.foundation.api.etag import Polled, check_unchanged, tag_of
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import NotThere
from cityops.foundation.paging import CursorPaging


class ByCode(CursorPaging):
    """In the order of codes."""

    ordering = "org_code"


class ByName(CursorPaging):
    """In the order of user names."""

    ordering = "username"


class MeView(APIView):
    """Who the caller is: the first thing an integration asks."""

    permission_classes: Any = [HasPermission()]

    @extend_schema(operation_id="me", responses=serializers.Me)
    def get(self, request: Request) -> Response:
        """Name, division, roles, permissions, scopes."""
        user, token = person_of(request), request.auth if isinstance(request.auth, ApiToken) else None
        return Response(
            {
                "username": user.username,
                "name": user.name,
                "is_integration": user.is_integration,
                "division_code": user.division_code,
                "org_code": user.organisation.org_code if user.organisation else "",
                "roles": [role.code for role in user.roles],
                "permissions": sorted(user.permission_codes),
                "scopes": token.scopes if token else [],
                "token_expires_at": token.expires_at if token else None,
                "node_code": settings.CITYOPS_NODE,
            }
        )


class OrganisationFilter(django_filters.FilterSet):
    """By division (a prefix of the code), type, parent, state."""

    division = django_filters.CharFilter(field_name="division_code", lookup_expr="startswith")

    class Meta:
        model = Organisation
        fields = ("division", "org_type", "parent_code", "industry", "status")


class OrganisationList(IdempotentWrites, Polled, ListAPIView):
    """Organisations of the caller's division; a new one."""

    permission_classes: Any = [HasPermission("accounts.view_organisation", write="accounts.change_organisation")]
    serializer_class = serializers.OrganisationOut
    filterset_class = OrganisationFilter
    pagination_class = ByCode
    queryset = Organisation.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see."""
        return Organisation.objects.visible_to(person_of(self.request))

    @extend_schema(request=serializers.OrganisationNew, responses={201: serializers.OrganisationOut})
    def post(self, request: Request) -> Response:
        """Add an organisation."""
        given = serializers.OrganisationNew(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        code, reason = values.pop("org_code"), values.pop("reason", "")
        made = create_organisation(person_of(request), code, values, reason=reason)
        return Response(serializers.OrganisationOut(made).data, status=201)


class OrganisationDetail(IdempotentWrites, Polled, APIView):
    """One organisation."""

    heeds_if_match = True
    permission_classes: Any = [HasPermission("accounts.view_organisation", write="accounts.change_organisation")]

    @extend_schema(responses=serializers.OrganisationOut)
    def get(self, request: Request, org_code: str) -> Response:
        """Read it."""
        organisation = _one(Organisation.objects.visible_to(person_of(request)), org_code)
        return Response(serializers.OrganisationOut(organisation).data)

    @extend_schema(request=serializers.OrganisationChange, responses=serializers.OrganisationOut)
    def patch(self, request: Request, org_code: str) -> Response:
        """Change some of it; with If-Match only where nobody changed it meanwhile."""
        organisation = _one(Organisation.objects.workable_by(person_of(request)), org_code)
        before = Response(serializers.OrganisationOut(organisation).data)
        check_unchanged(request, tag_of(request.accepted_renderer.render(before.data)))
        given = serializers.OrganisationChange(organisation, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        reason = values.pop("reason", "")
        changed = change_organisation(person_of(request), organisation, values, reason=reason)
        return Response(serializers.OrganisationOut(changed).data)


def _one(organisations: QuerySet[Organisation], org_code: str) -> Organisation:
    found = organisations.filter(org_code=org_code).first()
    if found is None:
        raise NotThere
    return found


class PersonList(ListAPIView):
    """People of the caller's division."""

    permission_classes: Any = [HasPermission("accounts.view_person")]
    serializer_class = serializers.PersonOut
    filterset_fields = ("is_active", "is_integration", "division_code")
    pagination_class = ByName
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see, with organisation and roles."""
        return _people(person_of(self.request))


class PersonDetail(RetrieveAPIView):
    """One person."""

    permission_classes: Any = [HasPermission("accounts.view_person")]
    serializer_class = serializers.PersonOut
    lookup_field = "username"
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see."""
        return _people(person_of(self.request))


def _people(user: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = User.objects.visible_to(user).select_related("organisation")
    return found.prefetch_related(Prefetch("groups", queryset=Role.objects.all(), to_attr="held"))
