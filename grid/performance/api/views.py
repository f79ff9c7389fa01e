"""The API of performance: reading only."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.errors import InvalidInput, NotThere
from cityops.foundation.paging import CursorPaging
from cityops.foundation.snapshot import snapshot
from grid.performance.api.serializers import (
    FormulaSetAnswer,
    ResultAnswer,
    SnapshotAnswer,
    SnapshotDetailAnswer,
    StatementAnswer,
)
from grid.performance.models import PerformanceResult, PerformanceSnapshot
from grid.performance.rules.counts import SLUGS, Target
from grid.performance.rules.formulas import FormulaSet
from grid.performance.selectors.sets import all_sets, default_key, find_set
from grid.performance.selectors.snapshots import facts_of, find_snapshot, rows_of
from grid.performance.selectors.statement import Row, statement
from grid.rules.periods import InvalidPeriod, parse_period
from grid.selectors.divisions import find_place

SEES: Any = HasPermission("performance.view_statement")


class StatementDetail(APIView):
    """绩效表: areas, departments or posts of a division in a period."""

    permission_classes: Any = [SEES]
    refuses = ("400",)

    @extend_schema(
        operation_id="performance_statements_retrieve",
        parameters=[OpenApiParameter("set", str, description="Formula set; the default one where none is given")],
        responses=StatementAnswer,
    )
    @snapshot()
    def get(self, request: Request, target: str, region: str, period: str) -> Response:
        """A statement, counted now."""
        kind = next((one for one, slug in SLUGS.items() if slug == target), None)
        if kind is None:
            raise NotThere(_("对象只有 area、department、post。"))
        try:
            asked = parse_period(period)
        except InvalidPeriod:
            told = _("统计期写作 2026-10、2026Q3、2026H1 或 2026。")
            raise InvalidInput(told, errors=[{"field": "period", "code": "invalid_period"}]) from None
        place = find_place(region, user=request.user)
        formulas = find_set(request.query_params.get("set", ""))
        found = statement(kind, place, asked, formulas, user=request.user)
        return Response(
            {
                "object": SLUGS[Target(kind)],
                "region": place.code,
                "period": asked.key,
                "formulas": formulas.key,
                "is_running": found.is_running,
                "as_of": found.as_of,
                "objects": [_object(row) for row in found.rows],
            }
        )


def _object(row: Row) -> dict[str, Any]:
    parts = row.result.parts if row.result else ()
    return {
        "code": row.code,
        "name": row.name,
        **facts_of(row),
        "parts": [
            {
                "indicator": one.part.indicator,
                "weight": str(one.part.weight),
                "scoring": one.part.scoring.value,
                "value": None if one.value.value is None else str(one.value.value),
                "score": None if one.score is None else str(one.score),
            }
            for one in parts
        ],
    }


def _set(formulas: FormulaSet) -> dict[str, Any]:
    return {
        "key": formulas.key,
        "title": formulas.title,
        "source": formulas.source,
        "provenance": formulas.provenance,
        "is_default": formulas.key == default_key(),
        "document": formulas.document,
    }


class FormulaSetList(APIView):
    """公式集: every version that is there."""

    permission_classes: Any = [SEES]

    @extend_schema(operation_id="performance_formulas_list", responses=FormulaSetAnswer(many=True))
    def get(self, request: Request) -> Response:
        """All sets."""
        return Response([_set(formulas) for formulas in all_sets().values()])


class FormulaSetDetail(APIView):
    """公式集: one version."""

    permission_classes: Any = [SEES]

    @extend_schema(operation_id="performance_formulas_retrieve", responses=FormulaSetAnswer)
    def get(self, request: Request, key: str) -> Response:
        """One set."""
        return Response(_set(find_set(key)))


class ResultPaging(CursorPaging):
    """Newest period first."""

    ordering: Any = ("-computed_at", "-rid")


class ResultList(ListAPIView[PerformanceResult]):
    """绩效评价结果 (GL05): what was sent, or came."""

    permission_classes: Any = [SEES]
    serializer_class = ResultAnswer
    pagination_class = ResultPaging
    filter_backends = ()
    queryset = PerformanceResult.objects.none()

    def get_queryset(self) -> QuerySet[PerformanceResult]:
        """The results that the caller may see."""
        return PerformanceResult.objects.visible_to(self.request.user)

    @extend_schema(operation_id="performance_results_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The results, the latest first."""
        return super().get(request, *args, **kwargs)


class SnapshotPaging(CursorPaging):
    """Newest first."""

    ordering: Any = ("-frozen_at", "-id")


class SnapshotList(ListAPIView[PerformanceSnapshot]):
    """绩效快照."""

    permission_classes: Any = [SEES]
    serializer_class = SnapshotAnswer
    pagination_class = SnapshotPaging
    filter_backends = ()
    queryset = PerformanceSnapshot.objects.none()

    def get_queryset(self) -> QuerySet[PerformanceSnapshot]:
        """The snapshots that the caller sees a row of."""
        return PerformanceSnapshot.objects.visible_to(self.request.user)

    @extend_schema(operation_id="performance_snapshots_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The snapshots, newest first."""
        return super().get(request, *args, **kwargs)


class SnapshotDetail(APIView):
    """绩效快照: one with its rows."""

    permission_classes: Any = [SEES]

    @extend_schema(operation_id="performance_snapshots_retrieve", responses=SnapshotDetailAnswer)
    def get(self, request: Request, pk: int) -> Response:
        """What holds now: as frozen, or as last corrected."""
        found = find_snapshot(pk, user=request.user)
        rows = [
            {
                "code": held.row.target_code,
                "name": held.row.name,
                "counts": held.counts,
                "values": held.values,
                "score": held.score,
                "grade": held.grade,
                "corrections": len(held.corrections),
            }
            for held in rows_of(found, user=request.user)
        ]
        return Response({"snapshot": SnapshotAnswer(found).data, "rows": rows})
