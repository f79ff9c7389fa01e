"""The API of the phone: its queue, its tasks, its classes."""

import datetime as dt
from typing import Any

from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import NotAllowed
from cityops.foundation.paging import CursorPaging
from grid.field.api import serializers as shapes
from grid.field.models import FieldAction
from grid.field.selectors.actions import own_actions
from grid.field.selectors.classes import phone_classes
from grid.field.selectors.tasks import tasks_for
from grid.field.services.queue import take_all
from grid.field.services.reading import Envelope, Spot

PHONE = HasPermission("field.use_phone")


class OtherPerson(NotAllowed):
    """The queue is another person's than who is signed in."""

    code = "other_person"


class ByArrival(CursorPaging):
    """The latest first."""

    ordering = ("-received_at", "-pk")


class ActionList(Polled, IdempotentWrites, ListAPIView[FieldAction]):
    """现场操作."""

    permission_classes: list[Any] = [PHONE]
    serializer_class = shapes.FieldActionRow
    pagination_class = ByArrival
    queryset = FieldAction.objects.none()

    def get_queryset(self) -> Any:
        """The caller's own."""
        return own_actions(person_of(self.request)).prefetch_related("photos")

    @extend_schema(operation_id="field_actions_take", request=shapes.FieldBatchInput, responses=shapes.FieldBatchAnswer)
    def post(self, request: Request) -> Response:
        """Take a batch in; every action has its own answer, and one that was taken before has the same again."""
        person = person_of(request)
        asked = shapes.FieldBatchInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if given.get("person", person.pk) != person.pk:
            raise OtherPerson(_("这些操作是另一位用户的;请由其本人登录后发送。"))
        ahead = _ahead(given.get("phone_now"))
        answers = take_all(person, [_envelope(one, ahead) for one in given["actions"]])
        return Response(shapes.FieldBatchAnswer({"answers": answers}).data)


def _ahead(phone_now: dt.datetime | None) -> int | None:
    """Seconds that the phone's clock is ahead, within a century: a column is no place for a broken clock."""
    if phone_now is None:
        return None
    most = 100 * 366 * 86_400 // 2
    return max(-most, min(most, round((phone_now - timezone.now()).total_seconds())))


def _envelope(given: dict[str, Any], ahead: int | None) -> Envelope:
    given = dict(given)
    spot, media = given.pop("spot", None), given.pop("media", ())
    return Envelope(
        **given, spot=Spot(**spot) if spot else None, media=tuple(dict.fromkeys(media)), clock_ahead_seconds=ahead
    )


class OwnTasks(Polled, APIView):
    """The caller's tasks."""

    permission_classes: list[Any] = [PHONE]

    @extend_schema(operation_id="field_tasks_retrieve", responses=shapes.FieldTaskList)
    def get(self, request: Request) -> Response:
        """Verifying and checking, and what the own department handles; the earliest due first."""
        person = person_of(request)
        body = {"person": person.pk, "as_of": timezone.now(), "tasks": tasks_for(person)}
        return Response(shapes.FieldTaskList(body).data)


class PhoneClasses(Polled, APIView):
    """All classes in force."""

    permission_classes: list[Any] = [PHONE]

    @extend_schema(operation_id="field_classes_list", responses=shapes.PhoneClassRow(many=True))
    def get(self, request: Request) -> Response:
        """With spelling and initials, to be searched without a network."""
        return Response(shapes.PhoneClassRow(phone_classes(person_of(request)), many=True).data)


class PhoneSession(APIView):
    """Who is signed in."""

    permission_classes: list[Any] = [PHONE]

    @extend_schema(operation_id="field_session_retrieve", responses=shapes.FieldSessionAnswer)
    def get(self, request: Request) -> Response:
        """Asked before a queue is sent: whose session it is, and the token for its writes."""
        answer = Response(
            shapes.FieldSessionAnswer({"person": person_of(request).pk, "csrf": get_token(request._request)}).data
        )
        answer["Cache-Control"] = "no-store"
        return answer
