"""Commands act as the operator who runs them."""

import io
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command, find_commands, load_command_class

from cityops.foundation import commands
from cityops.foundation.commands import OperatorCommand
from cityops.foundation.context import SYSTEM, Actor, acting, current_actor
from cityops.foundation.models import AuditEvent
from tests.conftest import ROOT
from tests.factories.people import division

OURS = [
    (app.name, name)
    for app in apps.get_app_configs()
    if Path(app.path).is_relative_to(ROOT) and not Path(app.path).is_relative_to(ROOT / "var")
    for name in find_commands(str(Path(app.path) / "management"))
]


@pytest.mark.parametrize(("app", "name"), OURS)
def test_every_command_acts_as_the_operator(app, name, monkeypatch):
    command = load_command_class(app, name)
    assert isinstance(command, OperatorCommand)
    seen = []
    monkeypatch.setattr(type(command), "handle", lambda *_a, **_k: seen.append(current_actor()))
    monkeypatch.setattr(commands, "operator_name", lambda: "root")
    defaults = {action.dest: None for action in command.create_parser("manage.py", name)._actions}
    command.execute(**{**defaults, "skip_checks": True, "force_color": False, "no_color": True})
    assert [(actor.name, actor.channel) for actor in seen] == [("root", "command")]
    assert current_actor() is SYSTEM


def test_there_are_commands_to_look_at():
    assert len(OURS) >= 15


def test_a_command_called_by_a_person_stays_the_persons(monkeypatch):
    seen = []

    class Command(OperatorCommand):
        def handle(self, *_args, **_options):
            seen.append(current_actor())

    person = Actor(user_id=7, name="lin", channel="page")
    with acting(person):
        call_command(Command())
    assert seen == [person]


@pytest.mark.django_db
def test_what_a_command_changes_stands_under_the_operators_name(monkeypatch):
    monkeypatch.setattr(commands, "operator_name", lambda: "root")
    division()
    call_command("seed_demo", stdout=io.StringIO())
    assert set(AuditEvent.objects.values_list("user_name", "channel")) == {("root", "command")}
