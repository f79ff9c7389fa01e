"""``import_cases FILE --mapping MAP``: import a history of cases 历史案件."""

from grid.models import ImportRun
from grid.services.imports.command import ImportCommand


class Command(ImportCommand):
    """Import a history of cases 历史案件."""

    help = "Import a history of cases 历史案件 from CSV, xlsx or GeoJSON."
    kind = ImportRun.Kind.CASES
