"""``manage.py seed_demo``: organisations and people of a demo instance; prints who signs in how."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from cityops.maintenance.rules.demo import PASSWORD, PersonSpec
from cityops.maintenance.services.demo import seed_demo


class Command(OperatorCommand):
    """Add the demo organisations and people of this instance's tier; a second run adds only what is missing."""

    help = "Add the demo organisations and people of this instance's tier; a second run adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument("--json", action="store_true", help="print the sign-ins as JSON")
        parser.add_argument("--all", action="store_true", help="list every collector and department, too")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Seed and print."""
        try:
            seeded = seed_demo()
        except CityOpsError as error:
            raise CommandError(str(error)) from error
        shown = [spec for spec in seeded.sign_ins if options["all"] or _is_first(spec)]
        if options["json"]:
            rows = [{"username": s.username, "name": s.name, "roles": s.roles} for s in shown]
            self.stdout.write(json.dumps({"password": PASSWORD, "people": rows}, ensure_ascii=False))
            return
        self.stdout.write(f"{seeded.organisations} organisations and {seeded.people} people added.")
        for spec in shown:
            self.stdout.write(f"  {spec.username:<12} {spec.name}  ({', '.join(spec.roles)})")
        self.stdout.write(f"Password of all: {PASSWORD}")


def _is_first(spec: PersonSpec) -> bool:
    """One person for each role is enough to begin with; integrations cannot sign in."""
    return spec.username.isalpha() and not spec.is_integration
