"""The API of the figures."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import InvalidInput, NotThere
from cityops.foundation.paging import CursorPaging
from cityops.foundation.snapshot import snapshot
from evaluation import selectors
from evaluation.api.serializers import FigureAnswer, FigureRecordAnswer, IndicatorAnswer, ValueAnswer
from evaluation.documents import (
    figure_document,
    indicator_document,
    no_indicator,
    no_period,
    record_document,
    value_document,
)
from evaluation.rules import (
    INDICATORS,
    Indicator,
    InvalidPeriod,
    Period,
    UnknownIndicator,
    find_indicator,
    parse_period,
)
from evaluation.selectors import Figure, Lineage
from grid.models import Case

MAX_SERIES = 60
MAX_CELLS = 2000
"""Regions times periods in one answer."""
COHORT = OpenApiParameter("cohort", bool, description="Of the cases opened in the period, whenever they were closed")


def _wrong(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[{"field": name, "code": f"invalid_{name}"}])


def _is_true(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "").lower()
    if text not in ("", "0", "1", "true", "false"):
        raise _wrong(name, _("%s 应为 true 或 false。") % name)
    return text in ("1", "true")


def _indicator(text: str) -> Indicator:
    try:
        return find_indicator(text)
    except UnknownIndicator as error:
        raise NotThere(no_indicator(error)) from None


def _period(text: str) -> Period:
    try:
        return parse_period(text)
    except InvalidPeriod as error:
        raise _wrong("period", no_period(error)) from None


class IndicatorList(Polled, APIView):
    """指标: what is counted, with formula and version."""

    permission_classes: Any = [HasPermission("evaluation.view_figure")]

    @extend_schema(operation_id="indicators_list", responses=IndicatorAnswer(many=True))
    def get(self, request: Request) -> Response:
        """All indicators."""
        return Response([indicator_document(indicator) for indicator in INDICATORS.values()])


class FigureList(Polled, APIView):
    """指标值: a region (and its parts), some indicators, a period or the periods up to it."""

    refuses = ("404",)
    permission_classes: Any = [HasPermission("evaluation.view_figure")]

    @extend_schema(
        operation_id="figures_list",
        parameters=[
            OpenApiParameter("region", str, required=True, description="Division code"),
            OpenApiParameter("period", str, required=True, description="2026, 2011Q3, 2026-10 or 2026-10-05"),
            OpenApiParameter("indicator", str, many=True, description="Code; all where none is given"),
            OpenApiParameter("series", int, description=f"How many periods up to the one given, 1 to {MAX_SERIES}"),
            OpenApiParameter("parts", bool, description="Also the parts of the region"),
            COHORT,
        ],
        responses=ValueAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Values by region, indicator and period; one statement, however many."""
        asked = request.query_params
        place = selectors.find_place(asked.get("region", ""), user=request.user)
        periods = _period(asked.get("period", "")).series(self._length(asked.get("series", "1")))
        indicators = [_indicator(code) for code in asked.getlist("indicator")] or list(INDICATORS.values())
        places = [place]
        if _is_true(request, "parts"):
            places += [part for part, _depth in selectors.overview_parts(place, request.user)]
        if len(places) * len(periods) > MAX_CELLS:
            most = {"places": len(places), "most": MAX_CELLS // len(places)}
            raise _wrong("series", _("%(places)s 个区划一次最多 %(most)s 个周期。") % most)
        found = selectors.table(places, indicators, periods, user=request.user, is_cohort=_is_true(request, "cohort"))
        return Response([value_document(figure) for figure in found.values()])

    def _length(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_SERIES:
            raise _wrong("series", _("series 应为 1 到 %s 的整数。") % MAX_SERIES)
        return int(text)


class OfOneFigure(APIView):
    """What the address of one figure names."""

    permission_classes: Any = [HasPermission("evaluation.view_figure")]

    def figure(self, request: Request) -> Figure:
        """The figure. Raises NotThere for what does not exist or lies outside the caller's region."""
        return selectors.figure(
            _indicator(self.kwargs["indicator"]),
            selectors.find_place(self.kwargs["region"], user=request.user),
            _period(self.kwargs["period"]),
            user=request.user,
            is_cohort=_is_true(request, "cohort"),
        )


class FigureDetail(Polled, OfOneFigure):
    """指标值: one figure with its formula, counts, as-of and the record versions behind it."""

    found: tuple[Figure, Lineage]

    @snapshot()
    def fingerprint(self, request: Request) -> str:
        """Counts, formula version and record versions; the moment of counting is left out, it always changes."""
        figure = self.figure(request)
        self.found = figure, selectors.lineage(figure, user=request.user)
        mark = (figure.counts, figure.indicator.version, figure.is_running, self.found[1])
        return repr(mark)

    @extend_schema(operation_id="figures_retrieve", parameters=[COHORT], responses=FigureAnswer)
    def get(self, request: Request, **_kwargs: str) -> Response:
        """One figure."""
        return Response(figure_document(*self.found))


class RecordPaging(CursorPaging):
    """Newest report first."""

    ordering: Any = ("-reported_at", "-rid")


class FigureRecords(OfOneFigure, ListAPIView[Case]):
    """指标值背后的记录: exactly the cases that an input of the figure counts."""

    permission_classes: Any = [HasPermission("evaluation.view_figure"), HasPermission("grid.view_case")]
    pagination_class = RecordPaging
    serializer_class = FigureRecordAnswer
    filter_backends = ()

    @extend_schema(
        operation_id="figures_records_list",
        parameters=[
            COHORT,
            OpenApiParameter(
                "part",
                str,
                description="Code of an input, or `missed`: what a share's denominator counts and its numerator does "
                "not; the denominator where none is given",
            ),
        ],
        responses=FigureRecordAnswer(many=True),
    )
    @snapshot()
    def get(self, request: Request, *_args: Any, **_kwargs: str) -> Response:
        """The records, newest report first."""
        figure = self.figure(request)
        part = request.query_params.get("part", "")
        known = selectors.parts_listed(figure)
        if part and part not in known:
            told = _("指标没有输入「%(part)s」，可用的是 %(known)s。") % {"part": part, "known": ", ".join(known)}
            raise _wrong("part", told)
        page = self.paginate_queryset(selectors.listed(figure, part, user=request.user))
        return self.get_paginated_response([record_document(figure, case) for case in page or ()])
