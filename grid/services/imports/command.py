"""What the four import commands share: arguments, progress, and a report that a person can act on."""

import resource
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.models import ImportRun
from grid.services.imports.report import write_issues
from grid.services.imports.runs import ImportBusy, ImportRefused, begin_run, execute_run

SHOWN = 20
"""Faults printed; the others are in the file of ``--issues`` and on the import's page."""


class ImportCommand(OperatorCommand):
    """Import one file; subclasses name the kind."""

    kind: ClassVar[ImportRun.Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE [--mapping MAP] [--dry-run] [--skip-refused] [--repair] [--issues CSV]."""
        parser.add_argument("file", type=Path, help="CSV, xlsx or GeoJSON, also as .gz")
        parser.add_argument(
            "--mapping", type=Path, help="mapping file in TOML (docs/imports.md); without it the heads decide"
        )
        parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
        parser.add_argument("--skip-refused", action="store_true", help="take the good rows, tell the others")
        parser.add_argument("--issues", type=Path, help="write every fault to this CSV file")
        if self.kind == ImportRun.Kind.GRIDS:
            parser.add_argument("--repair", action="store_true", help="mend outlines and overlaps, tell what moved")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import; a refusal ends with an error that names the rows."""
        try:
            run = self._begin(options)
            self._execute(run, options)
        except ImportRefused as refused:
            self._report(refused.run, options)
            raise CommandError(refused.detail) from refused
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self._report(run, options)

    def _execute(self, run: ImportRun, options: dict[str, Any]) -> None:
        try:
            execute_run(run, options["file"], progress=self._tell)
        except ImportBusy:
            run.delete()
            raise

    def _begin(self, options: dict[str, Any]) -> ImportRun:
        for path in (options["file"], options["mapping"]):
            if path is not None and not path.is_file():
                raise CommandError(_("没有文件 %(path)s。") % {"path": path})
        chosen = {name: bool(options.get(name)) for name in ("dry_run", "skip_refused", "repair")}
        try:
            mapping = options["mapping"].read_text(encoding="utf-8-sig") if options["mapping"] else ""
        except UnicodeDecodeError as error:
            raise CommandError(_("映射文件不是 UTF-8 编码。")) from error
        return begin_run(self.kind, options["file"], mapping=mapping, options=chosen)

    def _tell(self, count: int) -> None:
        self.stderr.write(_("已读取 %(count)s 行") % {"count": count})

    def _report(self, run: ImportRun, options: dict[str, Any]) -> None:
        for issue in run.issues.all()[:SHOWN]:
            self.stderr.write(f"{issue.row_no}\t{issue.key}\t{issue.code}\t{issue.message}{issue.remedy}")
        if options["issues"]:
            with options["issues"].open("w", encoding="utf-8-sig", newline="") as stream:
                write_issues(run, stream)
        facts = {
            "run": run.pk,
            "state": run.state,
            "read": run.rows_read,
            "taken": run.rows_taken,
            "refused": run.rows_refused,
            **run.summary,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value}")
