"""Small pictures of cases on their way up: what the exchange reads here, and what it brings from below."""

import uuid
from typing import Any

from cityops.foundation.records import local_node
from grid.models import CaseMedia
from grid.services.photos import keep_as, path_of, thumbnail_name


def own_rows() -> Any:
    """Photos of this node's cases that lie here."""
    return CaseMedia.objects.filter(case__origin_code=local_node()).exclude(file="").order_by("uploaded_at", "pk")


def read(row: CaseMedia) -> bytes | None:
    """The small picture of a photo; None where it is gone."""
    path = path_of(thumbnail_name(row.file))
    return path.read_bytes() if path.is_file() else None


def keep(key: uuid.UUID, sha256: str, content: bytes) -> bool:
    """Keep the small picture of a photo of another node's case; False while the case has not come."""
    held = CaseMedia.objects.filter(pk=key).exclude(case__origin_code=local_node())
    return bool(held.exists() and held.update(file=keep_as(sha256, content)))
