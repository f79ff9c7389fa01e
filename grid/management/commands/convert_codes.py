"""Convert the codes of components, matters and cases from one class standard to another."""

import json
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.models import CodeConversion
from grid.services.conversion.plan import KINDS, Wish
from grid.services.conversion.run import convert_codes, settle_broken


class Command(OperatorCommand):
    """Convert codes, all or nothing; says class by class what is lost and why."""

    help = "Convert codes from one class standard to another (docs/codes.md); --dry-run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--to", required=True, metavar="STD", help='as "GB/T 47678.5-2026"')
        parser.add_argument("--from", dest="source", default="", metavar="STD", help="the counterpart by default")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, change nothing")
        parser.add_argument("--kind", action="append", choices=KINDS, help="repeatable; all by default")
        parser.add_argument("--division", default="", metavar="CODE", help="a part of the city")
        parser.add_argument("--choices", type=Path, metavar="TOML", help="[components] and [matters]: code = code")
        parser.add_argument("--json", action="store_true", help="the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        wish = Wish(
            to_std=options["to"],
            from_std=options["source"],
            kinds=tuple(options["kind"] or KINDS),
            division_code=options["division"],
            choices=_choices(options["choices"]),
        )
        try:
            settle_broken()
            run = convert_codes(wish, dry_run=options["dry_run"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self._tell(run, as_json=options["json"])

    def _tell(self, run: CodeConversion, *, as_json: bool) -> None:
        if as_json:
            facts = {"run": run.pk, "state": run.state, "from": run.from_std, "to": run.to_std}
            told = {**facts, "totals": run.totals, "lines": run.lines}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"run {run.pk}: {run.from_std} -> {run.to_std} ({run.state})")
        for kind, counts in run.totals.items():
            self.stdout.write(f"{kind}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        for line in run.lines:
            if line["lost"] or line["renumbered"] or line["merged"]:
                self.stdout.write(_line(line))


def _line(line: dict[str, Any]) -> str:
    told = [f"  {line['kind']} {line['class_code']} {line['class_name']} -> {line['to_code'] or '-'}"]
    if line["lost"]:
        told.append(f"{line['lost']} stay: {line['loss']}")
    if line["offered"]:
        told.append(f"choose one of {' '.join(line['offered'])} (--choices)")
    if line["renumbered"]:
        told.append(f"{line['renumbered']} get a new sequence")
    if line["merged"]:
        told.append(f"one class with {' '.join(line['merged'])}")
    return "; ".join(told)


def _choices(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"{path}: {error}") from error
    if not all(isinstance(codes, dict) and all(isinstance(c, str) for c in codes.values()) for codes in found.values()):
        raise CommandError(f'{path}: write [components] and [matters] with lines such as 0105 = "01005".')
    return found
