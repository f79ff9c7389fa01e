"""``import_components FILE --mapping MAP``: import managed components 管理部件."""

from grid.models import ImportRun
from grid.services.imports.command import ImportCommand


class Command(ImportCommand):
    """Import managed components 管理部件."""

    help = "Import managed components 管理部件 from CSV, xlsx or GeoJSON."
    kind = ImportRun.Kind.COMPONENTS
