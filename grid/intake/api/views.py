"""The API of intake: take a report in, ask for suggestions, keep rules, duties and answers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.models import User
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import InvalidInput
from cityops.foundation.paging import CursorPaging
from grid.intake.api import serializers as io
from grid.intake.models import Answer, DutyRule
from grid.intake.selectors import sources
from grid.intake.selectors.answers import get_answer, visible_answers
from grid.intake.selectors.classes import suggest_classes
from grid.intake.selectors.departments import duty_coverage, suggest_departments
from grid.intake.selectors.similar import similar_cases, similar_to
from grid.intake.services import answers, duties, settings
from grid.intake.services.taking_in import Detected, take_in
from grid.selectors.cases import get_case
from grid.services.cases import Report

DETECTED = ("device", "confidence", "model_name")


def _person(request: Request) -> User:
    person: User = request.user  # type: ignore[assignment]
    return person


def _read(serializer: type[Any], data: Any) -> dict[str, Any]:
    asked = serializer(data=data)
    asked.is_valid(raise_exception=True)
    given: dict[str, Any] = asked.validated_data
    return given


class TakeIn(IdempotentWrites, APIView):
    """The one door of every source."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_take_in", request=io.IntakeInput, responses={201: io.TakenInAnswer})
    def post(self, request: Request) -> Response:
        """Register the report and do what the rule of its source says; the same number again is the same case."""
        given = _read(io.IntakeInput, request.data)
        contact = given.pop("contact", None)
        said = {name: given.pop(name, None) for name in DETECTED}
        detected = Detected(said["device"] or "", said["confidence"], said["model_name"] or "")
        given["media"] = tuple(given["media"])
        done = take_in(
            _person(request),
            Report(**given),
            detected=detected if any(said.values()) or said["confidence"] is not None else None,
            contact=contact,
        )
        return Response(io.TakenInAnswer(done).data, status=201)


class SourceList(Polled, APIView):
    """来源规则."""

    permission_classes = [HasPermission("intake.view_sourcerule")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_sources_list", responses=io.SourceAnswer(many=True))
    def get(self, request: Request) -> Response:
        """All sources with the rule that holds."""
        return Response(io.SourceAnswer(sources.source_lines(), many=True).data)


class SourceOne(IdempotentWrites, Polled, APIView):
    """One source."""

    permission_classes = [HasPermission("intake.view_sourcerule", write="intake.change_sourcerule")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_source_retrieve", responses=io.SourceAnswer)
    def get(self, request: Request, source: str) -> Response:
        """The rule that holds."""
        return self._answer(source)

    @extend_schema(operation_id="intake_source_change", request=io.SourceInput, responses=io.SourceAnswer)
    def put(self, request: Request, source: str) -> Response:
        """Write the city's own rule."""
        settings.change_source(_person(request), source, _read(io.SourceInput, request.data))
        return self._answer(source)

    def _answer(self, source: str) -> Response:
        return Response(io.SourceAnswer(sources.get_line(source)).data)


class Similarity(IdempotentWrites, Polled, APIView):
    """How near similar cases are."""

    permission_classes = [HasPermission("intake.view_sourcerule", write="intake.change_sourcerule")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_similarity_retrieve", responses=io.SimilarityAnswer)
    def get(self, request: Request) -> Response:
        """What holds."""
        return Response(io.SimilarityAnswer(sources.reach()).data)

    @extend_schema(operation_id="intake_similarity_change", request=io.SimilarityInput, responses=io.SimilarityAnswer)
    def put(self, request: Request) -> Response:
        """Set it for the whole city."""
        settings.change_reach(_person(request), **_read(io.SimilarityInput, request.data))
        return Response(io.SimilarityAnswer(sources.reach()).data)


class SimilarSearch(Polled, APIView):
    """Similar cases at a place."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="intake_similar_list",
        parameters=[
            OpenApiParameter("longitude", float, required=True, description="Degrees, CGCS2000"),
            OpenApiParameter("latitude", float, required=True, description="Degrees, CGCS2000"),
            OpenApiParameter("class_code", str, description="Without it every class counts, less"),
        ],
        responses=io.SimilarAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Cases within the reach of a point that may be the same matter, the likeliest first."""
        found = similar_cases(
            _person(request), *_spot(request), class_code=request.query_params.get("class_code", "")[:5]
        )
        return Response(io.SimilarAnswer(found, many=True).data)


def _spot(request: Request) -> tuple[float, float]:
    """The point of the address. Raises InvalidInput."""
    found = []
    for name, most in (("longitude", 180.0), ("latitude", 89.0)):
        try:
            value = float(request.query_params.get(name, ""))
        except ValueError:
            value = most + 1
        if not -most <= value <= most:
            raise InvalidInput(f"{name}?", errors=[{"field": name, "code": "range", "detail": f"-{most:g}…{most:g}"}])
        found.append(value)
    return found[0], found[1]


class ClassSuggestions(Polled, APIView):
    """Suggest the class of a description."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="intake_classes_list",
        parameters=[OpenApiParameter("text", str, required=True, description="The description, or pinyin")],
        responses=io.SuggestedClassAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The five classes that fit best, with what counted."""
        return Response(io.SuggestedClassAnswer(suggest_classes(request.query_params.get("text", "")), many=True).data)


class CaseSuggestions(Polled, APIView):
    """What is suggested for a case."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="case_suggestions_retrieve", responses=io.CaseSuggestionsAnswer)
    def get(self, request: Request, case_no: str) -> Response:
        """Departments with their reasons, classes by its words, similar cases."""
        user = _person(request)
        case = get_case(user, case_no)
        told = {
            "departments": suggest_departments(case),
            "classes": suggest_classes(case.description),
            "similar": similar_to(user, case),
        }
        return Response(io.CaseSuggestionsAnswer(told).data)


class ByClass(CursorPaging):
    """The duty table by class."""

    ordering = ("class_code", "area", "id")


class DutyList(IdempotentWrites, Polled, ListAPIView):
    """责任表."""

    permission_classes: list[Any] = [HasPermission("intake.view_dutyrule", write="intake.change_dutyrule")]
    serializer_class = io.DutyAnswer
    pagination_class = ByClass
    filterset_fields = ["class_code", "org_code", "area"]
    queryset = DutyRule.objects.all()

    @extend_schema(
        operation_id="intake_duties_create", request=io.DutyInput, responses={201: io.DutyAnswer}, filters=False
    )
    def post(self, request: Request) -> Response:
        """Add a row."""
        row = duties.save_duty(_person(request), _read(io.DutyInput, request.data))
        return Response(io.DutyAnswer(row).data, status=201)


class DutyCoverage(Polled, APIView):
    """责任主体覆盖."""

    permission_classes = [HasPermission("intake.view_dutyrule")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_duties_coverage", responses=io.DutyTableCoverageAnswer)
    def get(self, request: Request) -> Response:
        """Which classes in use have an organisation in the duty table."""
        return Response(io.DutyTableCoverageAnswer(duty_coverage()).data)


class NewestAnswers(CursorPaging):
    """Answers, newest first."""

    ordering = ("-made_at", "-id")


class AnswerList(Polled, ListAPIView):
    """答复."""

    permission_classes: list[Any] = [HasPermission("intake.view_answer")]
    serializer_class = io.AnswerAnswer
    pagination_class = NewestAnswers
    filterset_fields = ["state", "channel", "outcome"]
    queryset = Answer.objects.none()

    def get_queryset(self) -> Any:
        """The answers this person may see."""
        return visible_answers(_person(self.request))


class AnswerTell(IdempotentWrites, APIView):
    """Tell a reporter."""

    permission_classes = [HasPermission("intake.tell_answer")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_answer_tell", request=io.TellInput, responses=io.AnswerAnswer)
    def post(self, request: Request, pk: int) -> Response:
        """Write down that the reporter was told, or could not be reached."""
        get_answer(_person(request), pk)
        done = answers.tell_answer(_person(request), pk, **_read(io.TellInput, request.data))
        return Response(io.AnswerAnswer(done).data)


class AnswerVisit(IdempotentWrites, APIView):
    """Return visit."""

    permission_classes = [HasPermission("intake.tell_answer")]  # type: ignore[list-item]

    @extend_schema(operation_id="intake_answer_visit", request=io.ReturnVisitInput, responses=io.AnswerAnswer)
    def post(self, request: Request, pk: int) -> Response:
        """Write down how content the reporter is."""
        get_answer(_person(request), pk)
        done = answers.record_visit(_person(request), pk, **_read(io.ReturnVisitInput, request.data))
        return Response(io.AnswerAnswer(done).data)
