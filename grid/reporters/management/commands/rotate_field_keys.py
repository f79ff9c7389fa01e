"""``manage.py rotate_field_keys``: a new key for the encrypted columns of reporters."""

from typing import Any

from cityops.foundation.commands import OperatorCommand
from grid.reporters.services.keeping import rotate_keys


class Command(OperatorCommand):
    """Make a new key, close every record anew under it, drop the keys that close nothing."""

    help = "Make a new key for encrypted columns and re-encrypt every record under it; safe to repeat."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate, and say what was done."""
        name, records = rotate_keys()
        self.stdout.write(f"Key {name} closes {records} records. Back up CITYOPS_KEY_DIR now.")
