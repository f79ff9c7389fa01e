"""``manage.py first_administrators``: the three administrators with whom an instance in production begins."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from cityops.maintenance.services.beginning import FIRST, begin, one_time_password


class Command(OperatorCommand):
    """Make the first system, security and audit administrator; refused where there is one already."""

    help = "Make the first system, security and audit administrator. Refused where there is one already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A login name for each, and where the passwords come from."""
        for role in FIRST:
            parser.add_argument(f"--{role.code.replace('_', '-')}", required=True, metavar="USERNAME")
        parser.add_argument(
            "--stdin", action="store_true", help="read three passwords, a line each: system, security, audit"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make them; print the one-time passwords that nobody typed."""
        passwords = self._typed() if options["stdin"] else {role.code: one_time_password() for role in FIRST}
        try:
            made = begin({role.code: options[role.code] for role in FIRST}, passwords)
        except CityOpsError as error:
            raise CommandError(str(error)) from error
        for role, person in zip(FIRST, made, strict=True):
            told = "" if options["stdin"] else f"  one-time password: {passwords[role.code]}"
            self.stdout.write(f"{role.code:<15} {person.username}{told}")
        self.stdout.write("Each must choose another password at the first sign-in.")

    def _typed(self) -> dict[str, str]:
        """From a terminal without echo, else line by line."""
        if sys.stdin.isatty():
            return {role.code: getpass.getpass(f"{role.code}: ") for role in FIRST}
        return {role.code: sys.stdin.readline().rstrip("\r\n") for role in FIRST}
