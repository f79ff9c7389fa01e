"""Uploaded files: kept until their import ends; small ones are imported at once, larger ones by a worker."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.db import transaction

from cityops.accounts.models import User
from cityops.foundation import audit
from grid.models import ImportRun
from grid.services.imports.readers import SUFFIXES as _FORMATS
from grid.services.imports.runs import ImportBusy, ImportRefused, begin_run, execute_run

SUFFIXES = (*_FORMATS, *(f"{suffix}.gz" for suffix in _FORMATS))
LARGEST_UPLOAD = 200 << 20
LARGEST_MAPPING = 1 << 20
LARGEST_REQUEST = LARGEST_UPLOAD + LARGEST_MAPPING + (1 << 20)
"""Bytes of a request with both, and what a form adds."""
AT_ONCE = 1 << 20
"""Bytes up to which a file is imported within the request."""


class Uploaded(Protocol):
    """What an uploaded file offers."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, piece by piece."""
        ...


def folder() -> Path:
    """Where uploaded files wait."""
    place = Path(settings.VAR) / "imports" / settings.CITYOPS_NODE
    place.mkdir(parents=True, exist_ok=True)
    return place


def stored_path(run: ImportRun) -> Path:
    """The file of a run, while it waits."""
    return folder() / f"{run.pk}.upload"


def take_upload(kind: str, upload: Uploaded, *, user: User, mapping: str = "", options: dict[str, bool]) -> ImportRun:
    """Keep a file that a person uploaded and begin its run; a small one is imported before this returns.

    A refusal by rows is in the run, not raised. Raises FileRefused for a mapping or a type that cannot be, NotAllowed
    for a kind that is not the person's to import.
    """
    name = Path((upload.name or "upload").replace("\\", "/")).name
    waiting = folder() / f"{uuid.uuid4().hex}.part"
    try:
        with waiting.open("wb") as stream:
            _copy(upload, stream)
        with transaction.atomic():
            run = begin_run(kind, waiting, name=name, mapping=mapping, options=dict(options), user=user)
            audit.record(
                "import.upload",
                kind="ImportRun",
                key=run.pk,
                division_code=run.division_code,
                after={"kind": kind, "file": run.file_name, "sha256": run.file_sha, "bytes": upload.size, **options},
            )
            shutil.move(waiting, stored_path(run))
    finally:
        waiting.unlink(missing_ok=True)
    if (upload.size or 0) <= AT_ONCE:
        run_stored(run.pk)
        run.refresh_from_db()
    return run


def _copy(upload: Uploaded, stream: IO[bytes]) -> None:
    for block in upload.chunks():
        stream.write(block)


def run_stored(pk: int) -> None:
    """Import the kept file of a waiting run, then remove the file. A run that another worker has is left alone."""
    run = ImportRun.objects.filter(pk=pk, state=ImportRun.State.WAITING).first()
    if run is None:
        return
    path = stored_path(run)
    try:
        with suppress(ImportRefused):
            execute_run(run, path)
    except ImportBusy:
        return
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def drop_left_files() -> None:
    """Remove the files of runs that ended without removing theirs: a killed worker's."""
    left = {int(path.stem): path for path in folder().glob("*.upload") if path.stem.isdecimal()}
    ended = ImportRun.objects.filter(pk__in=left, ended_at__isnull=False)
    for pk in ended.values_list("pk", flat=True):
        left[pk].unlink(missing_ok=True)


def waiting_runs() -> list[int]:
    """Runs whose file waits for a worker, oldest first."""
    found = ImportRun.objects.filter(state=ImportRun.State.WAITING).order_by("pk").values_list("pk", flat=True)
    place = folder()
    return [pk for pk in found if (place / f"{pk}.upload").is_file()]
