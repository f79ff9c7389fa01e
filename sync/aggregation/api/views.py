"""The API of aggregation: issues, scores and the due list, the same as its pages."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.paging import CursorPaging
from sync.aggregation.api.serializers import (
    DueAnswer,
    QualityIssueDetail,
    QualityIssueRow,
    QualityScoreRow,
)
from sync.aggregation.models import IssueAnswer, QualityIssue
from sync.aggregation.selectors import overview
from sync.aggregation.selectors.dues import due_list

SEES: list[Any] = [HasPermission("aggregation.view_quality")]


class ByFinding(CursorPaging):
    """The newest first."""

    ordering = ("-found_at", "-issue_no")


class QualityIssueList(Polled, ListAPIView[QualityIssue]):
    """数据质量问题单: raised here, or for this node to answer."""

    permission_classes = SEES
    serializer_class = QualityIssueRow
    pagination_class = ByFinding
    filterset_fields = ("dataset", "item_code")
    queryset = QualityIssue.objects.none()

    def get_queryset(self) -> Any:
        """Those whose node the caller may see."""
        return overview.issues_of(person_of(self.request))


class QualityIssueOne(Polled, APIView):
    """One issue."""

    permission_classes = SEES

    @extend_schema(operation_id="quality_issues_retrieve", responses=QualityIssueDetail)
    def get(self, request: Request, issue_no: str) -> Response:
        """With its records and answers; 404 where the caller may not see its node."""
        issue: Any = overview.get_issue(person_of(request), issue_no)
        issue.answers = IssueAnswer.objects.filter(
            issue_no=issue.issue_no, issuer_node=issue.origin_code, origin_code=issue.target
        )
        return Response(QualityIssueDetail(issue).data)


class QualityScoreList(Polled, APIView):
    """数据质量得分: the last score of every node and dataset."""

    permission_classes = SEES

    @extend_schema(operation_id="quality_scores_list", responses=QualityScoreRow(many=True))
    def get(self, request: Request) -> Response:
        """Those of the nodes that the caller may see."""
        return Response(QualityScoreRow(overview.latest_scores(person_of(request)), many=True).data)


class DueList(Polled, APIView):
    """应报清单."""

    permission_classes = SEES

    @extend_schema(operation_id="dues_list", responses=DueAnswer(many=True))
    def get(self, request: Request) -> Response:
        """Every node and dataset that the caller may see."""
        rows: Any = due_list(person_of(request))
        return Response(DueAnswer(rows, many=True).data)
