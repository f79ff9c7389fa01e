"""``manage.py issue_token USERNAME``: a token for an integration, printed this once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.accounts.models import User
from cityops.accounts.services.tokens import SCOPES, issue_token
from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError


class Command(OperatorCommand):
    """Issue an API token to an integration (in a demo: ``duijie``) and print it."""

    help = "Issue an API token to an integration (in a demo: duijie) and print it, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, what for, scopes, how long."""
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--scopes", default="read", help=f"comma-separated, of {','.join(SCOPES)}")
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Issue and print."""
        integration = User.objects.filter(username=options["username"]).first()
        if integration is None:
            raise CommandError(f"There is nobody called {options['username']}.")
        try:
            _token, text = issue_token(
                None, integration, options["name"], options["scopes"].split(","), options["days"]
            )
        except CityOpsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
