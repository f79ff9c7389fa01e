"""``index_places``: make the keys of searches again, after divisions were loaded anew."""

from typing import Any

from cityops.foundation.commands import OperatorCommand
from grid.places.services.keys import make_keys_again


class Command(OperatorCommand):
    """Make the keys of all places again."""

    help = "Make the search keys of all places again, after divisions were loaded anew or an exchange brought places."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and tell how many changed."""
        self.stdout.write(f"changed: {make_keys_again()}")
