"""Upkeep of the foundation's tables."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops.celery import schedule
from cityops.foundation.models import IdempotentAnswer
from cityops.foundation.tasks import ANSWERS_KEPT, clear_answers


@pytest.mark.django_db
def test_old_answers_go_and_young_ones_stay():
    for number, age in enumerate((ANSWERS_KEPT + dt.timedelta(minutes=1), ANSWERS_KEPT - dt.timedelta(minutes=1))):
        made = IdempotentAnswer.objects.create(user_id=1, key=str(number), request_sha=b"x", status=200, body=None)
        IdempotentAnswer.objects.filter(pk=made.pk).update(created_at=timezone.now() - age)
    assert clear_answers() == 1
    assert IdempotentAnswer.objects.get().key == "1"


def test_it_is_in_the_schedule_of_every_instance():
    assert schedule(frozenset())["foundation.clear_answers"]["task"] == "foundation.clear_answers"
