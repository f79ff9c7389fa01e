"""The API of the standard: versions, datasets with their JSON schema, code lists, classes, rules."""

from dataclasses import asdict
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import NotThere
from cityops.foundation.paging import CursorPaging
from sync.standard.api.serializers import (
    CheckAnswer,
    CheckInput,
    ClassRow,
    CodeListAnswer,
    DatasetAnswer,
    DatasetRow,
    RuleRow,
    VersionRow,
)
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from sync.standard.rules.definitions import Catalogue
from sync.standard.selectors.dictionaries import catalogue
from sync.standard.services.documents import json_schema
from sync.standard.validation import check_record

VERSION = OpenApiParameter("version", str, description="Catalogue version; the default one if left out")
MAY_VIEW: list[Any] = [HasPermission("standard.view_dictionaryversion")]


def _catalogue(request: Request) -> Catalogue:
    try:
        return catalogue(request.query_params.get("version", ""))
    except DictionaryVersion.DoesNotExist as error:
        raise NotThere from error


class VersionList(Polled, APIView):
    """Loaded dictionary versions."""

    permission_classes = MAY_VIEW

    @extend_schema(responses=VersionRow(many=True), operation_id="standard_versions_list")
    def get(self, request: Request) -> Response:
        """All of them; there are few."""
        return Response(VersionRow(DictionaryVersion.objects.visible_to(request.user), many=True).data)


class DatasetList(Polled, APIView):
    """Datasets of one version of the catalogue."""

    refuses = ("404",)
    permission_classes = MAY_VIEW

    @extend_schema(responses=DatasetRow(many=True), parameters=[VERSION], operation_id="standard_datasets_list")
    def get(self, request: Request) -> Response:
        """All of them, without fields."""
        return Response(DatasetRow(_catalogue(request).datasets, many=True).data)


class DatasetDetail(Polled, APIView):
    """One dataset."""

    permission_classes = MAY_VIEW

    @extend_schema(responses=DatasetAnswer, parameters=[VERSION])
    def get(self, request: Request, code: str) -> Response:
        """The dataset with its fields."""
        found = _catalogue(request)
        if code not in found.by_code:
            raise NotThere
        return Response(DatasetAnswer({**asdict(found.by_code[code]), "version": found.code}).data)


class DatasetSchema(Polled, APIView):
    """The JSON schema of one dataset."""

    permission_classes = MAY_VIEW

    @extend_schema(responses=OpenApiTypes.OBJECT, parameters=[VERSION])
    def get(self, request: Request, code: str) -> Response:
        """JSON schema (draft 2020-12) of one record."""
        found = _catalogue(request)
        if code not in found.by_code:
            raise NotThere
        return Response(json_schema(found.by_code[code], found))


class DatasetCheck(APIView):
    """Check records before they are sent."""

    permission_classes = MAY_VIEW

    @extend_schema(request=CheckInput, responses=CheckAnswer, parameters=[VERSION], operation_id="standard_check")
    def post(self, request: Request, code: str) -> Response:
        """Every fault of every record, by the definition of the dataset; stores nothing."""
        found = _catalogue(request)
        if code not in found.by_code:
            raise NotThere
        asked = CheckInput(data=request.data)
        asked.is_valid(raise_exception=True)
        records = asked.validated_data["records"]
        by_record = [
            check_record(record, code, name=str(number), catalogue=found) for number, record in enumerate(records, 1)
        ]
        body = {
            "version": found.code,
            "records": len(records),
            "good": sum(not faults for faults in by_record),
            "faults": [fault for faults in by_record for fault in faults],
        }
        return Response(CheckAnswer(body).data)


class CodeListDetail(Polled, APIView):
    """One code list."""

    permission_classes = MAY_VIEW

    @extend_schema(responses=CodeListAnswer, parameters=[VERSION])
    def get(self, request: Request, code: str) -> Response:
        """The codes with their labels."""
        found = _catalogue(request)
        codelist = found.lists.get(code)
        if codelist is None:
            raise NotThere
        items = [{"code": key, "label": label} for key, label in codelist.items]
        body = {"code": code, "name": codelist.name, "note": codelist.note, "version": found.code, "items": items}
        return Response(CodeListAnswer(body).data)


class ClassFilterSet(filters.FilterSet):
    """What classes may be narrowed by."""

    q = filters.CharFilter(method="search", help_text="Beginning of the code, or part of the name")
    version = filters.CharFilter(help_text="Class standard, e.g. GB/T 47678.5-2026")
    kind = filters.ChoiceFilter(choices=ClassEntry.Kind.choices)

    class Meta:
        model = ClassEntry
        fields: list[str] = []

    def search(self, rows: QuerySet[ClassEntry], name: str, value: str) -> QuerySet[ClassEntry]:
        """By code or name."""
        return rows.filter(Q(class_code__startswith=value) | Q(class_name__icontains=value))


class ByClass(CursorPaging):
    """Classes by version, kind and code."""

    ordering = ("version", "kind", "class_code")


class ClassList(Polled, ListAPIView):
    """部件和事项分类 (JC08)."""

    permission_classes = MAY_VIEW
    serializer_class = ClassRow
    pagination_class = ByClass
    filterset_class = ClassFilterSet

    def get_queryset(self) -> QuerySet[ClassEntry]:
        """Classes of every loaded version."""
        return ClassEntry.objects.visible_to(self.request.user)


class RuleFilterSet(filters.FilterSet):
    """What rules may be narrowed by."""

    rule_set = filters.CharFilter(field_name="rule_set__code")
    kind = filters.ChoiceFilter(choices=ClassEntry.Kind.choices)
    class_code = filters.CharFilter(lookup_expr="startswith")
    matter = filters.CharFilter(method="for_matter", help_text="Class code of the current standard")

    class Meta:
        model = DisposalRule
        fields: list[str] = []

    def for_matter(self, rows: QuerySet[DisposalRule], name: str, value: str) -> QuerySet[DisposalRule]:
        """Rules that apply to a matter of the current standard."""
        return rows.filter(matter_codes__contains=[value])


class ByNumber(CursorPaging):
    """Rules in the order in which they were loaded."""

    ordering = "id"


class RuleList(Polled, ListAPIView):
    """立案处置结案规则."""

    permission_classes = MAY_VIEW
    serializer_class = RuleRow
    pagination_class = ByNumber
    filterset_class = RuleFilterSet

    def get_queryset(self) -> QuerySet[Any]:
        """Rules of every loaded set."""
        return DisposalRule.objects.visible_to(self.request.user).select_related("rule_set")
