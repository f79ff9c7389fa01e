"""``import_places FILE [--mapping MAP]``: import places 地点."""

from grid.models import ImportRun
from grid.services.imports.command import ImportCommand


class Command(ImportCommand):
    """Import places 地点."""

    help = "Import places 地点 from CSV, xlsx or GeoJSON."
    kind = ImportRun.Kind.PLACES
