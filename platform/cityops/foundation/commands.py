"""Management commands act as somebody: the account of the operating system that runs them."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand

from cityops.foundation.context import SYSTEM, Actor, acting, current_actor, new_request_id


def operator_name() -> str:
    """Name of the account that runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


class OperatorCommand(BaseCommand):
    """Base of all our commands: what they change stands under the operator's name in the audit trail."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run as the operator; called from within a request, task or command, as whoever acts there."""
        actor = current_actor()
        if actor is SYSTEM:
            actor = Actor(name=operator_name(), channel="command", request_id=new_request_id())
        with acting(actor):
            return super().execute(*args, **options)
