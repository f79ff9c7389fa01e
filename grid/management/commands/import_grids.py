"""``import_grids FILE --mapping MAP``: import unit grids 单元网格."""

from grid.models import ImportRun
from grid.services.imports.command import ImportCommand


class Command(ImportCommand):
    """Import unit grids 单元网格."""

    help = "Import unit grids 单元网格 from CSV, xlsx or GeoJSON."
    kind = ImportRun.Kind.GRIDS
