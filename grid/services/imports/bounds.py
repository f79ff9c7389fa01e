"""How large an uploaded file may become when it is unpacked: a few kilobytes can be made to unpack to terabytes."""

import gzip
import io
import zipfile
from typing import IO

from django.utils.translation import gettext as _

from grid.services.imports.faults import FileRefused

LARGEST_UNPACKED = 4 << 30
"""Bytes of a gzipped file; a history of ten million cases is smaller."""
LARGEST_WORKBOOK = 768 << 20
"""Bytes of all parts of a workbook; who has more rows than fit in there writes CSV."""
LARGEST_TEXTS = 256 << 20
"""Bytes of what is no sheet in a workbook: its table of texts is held in memory."""
MOST_COLUMNS = 1_000
MOST_ROWS = 1_048_576
"""Rows of a sheet, as spreadsheets have it; an empty sheet of a few bytes can claim billions."""
ENCODINGS = frozenset({"utf-8", "utf-8-sig", "utf8", "utf-16", "gb18030", "gbk", "gb2312", "big5", "latin-1", "cp1252"})


class Unpacked(gzip.GzipFile):
    """A gzipped file that is refused as soon as it unpacks to more than the limit."""

    def read(self, size: int | None = -1) -> bytes:
        """Read, within the limit. Raises FileRefused."""
        wanted = LARGEST_UNPACKED + 1 if size is None or size < 0 else size
        data = super().read(wanted)
        _bounded(self.tell(), LARGEST_UNPACKED)
        return data

    def read1(self, size: int = -1) -> bytes:
        """Read what is there, within the limit. Raises FileRefused."""
        data = super().read1(size)
        _bounded(self.tell(), LARGEST_UNPACKED)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; forward only within the limit. Raises FileRefused."""
        if whence == io.SEEK_END:
            while self.read(1 << 20):
                pass
            offset, whence = self.tell() + offset, io.SEEK_SET
        _bounded(offset, LARGEST_UNPACKED)
        return super().seek(offset, whence)


def check_workbook(stream: IO[bytes]) -> None:
    """Raise FileRefused where the parts of a workbook are too large; nothing is unpacked, and a part that lies about
    its size is cut off at what it says. Raises BadZipFile for what is no archive."""
    with zipfile.ZipFile(stream) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    _bounded(sum(sizes.values()), LARGEST_WORKBOOK)
    _bounded(sum(size for name, size in sizes.items() if not name.startswith("xl/worksheets/")), LARGEST_TEXTS)
    stream.seek(0)


def _bounded(size: int, limit: int) -> None:
    if size > limit:
        raise FileRefused(
            _("文件解压后超过 %(limit)s MB；请分成几个文件，大批历史数据请用 CSV。") % {"limit": limit >> 20}
        )
