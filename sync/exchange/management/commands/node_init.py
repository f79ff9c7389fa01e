"""``manage.py node_init``: tell the database which node it is, make its signing key, enter it in the register."""

from typing import Any

from cityops.foundation.commands import OperatorCommand
from sync.exchange.services.nodes import init_node


class Command(OperatorCommand):
    """Make this database the node that the settings describe; safe to run again."""

    help = "Make this database the node that the settings describe (key, register entry, marks of what it owns)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Initialise and say what was done."""
        done = init_node()
        self.stdout.write(f"{done.node_code}: key {done.kid}, {done.marked} records marked for the exchange.")
