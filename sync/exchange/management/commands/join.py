"""``manage.py join PARENT_URL``: ask the parent to let this node in."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.rules.crypto import SUITES
from sync.exchange.services import client, enrolment


class Command(OperatorCommand):
    """Send this node's key to the parent under a one-time code and take the parent's."""

    help = "Ask the parent at PARENT_URL to let this node in, with the one-time CODE it issued."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Address of the parent and the code."""
        parser.add_argument("parent_url", help="address of the parent, as https://cityops.example.gov.cn")
        parser.add_argument(
            "code",
            nargs="?",
            help="the code that the parent printed for this node; left out, it is asked for or read from standard "
            "input, and does not show in the list of processes",
        )
        parser.add_argument("--suite", choices=sorted(SUITES), default="", help="suite that the parent asks for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and note the link; the parent has to approve it."""
        code = options["code"] or _given()
        try:
            body, headers = enrolment.asking(code, options["suite"])
            answer, proof = client.ask_to_join(options["parent_url"], body, headers)
            link = enrolment.take_welcome(answer, proof=proof, code=code, parent_url=options["parent_url"])
        except (CityOpsError, client.PeerUnreachable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"asked {link.peer_code} ({link.peer_name}); it has to approve this node.")


def _given() -> str:
    """The code from the keyboard, unseen, or from the first line of standard input. Raises CommandError for none."""
    code = getpass("code: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not code.strip():
        raise CommandError("Give the code that the parent printed for this node.")
    return code.strip()
