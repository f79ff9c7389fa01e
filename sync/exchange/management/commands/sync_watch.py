"""``manage.py sync_watch``: raise and close the alarms of the exchange, without Celery."""

from typing import Any

import msgspec

from cityops.foundation.commands import OperatorCommand
from sync.exchange.models import Alarm
from sync.exchange.services import alarms


class Command(OperatorCommand):
    """For a timer of the system, so that a worker that is dead or deaf is told of. Prints the alarms that stand."""

    help = "Raise and close alarms of the exchange; prints one JSON line per alarm that stands."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        alarms.check()
        for alarm in Alarm.objects.standing():
            facts = {name: getattr(alarm, name) for name in ("kind", "node_code", "subject", "level", "state", "facts")}
            self.stdout.write(msgspec.json.encode(facts).decode())
