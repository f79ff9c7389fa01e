"""``import_matters FILE --mapping MAP``: import a city's own classes 市扩展分类."""

from grid.models import ImportRun
from grid.services.imports.command import ImportCommand


class Command(ImportCommand):
    """Import a city's own classes 市扩展分类."""

    help = "Import a city's own classes 市扩展分类 from CSV, xlsx or GeoJSON."
    kind = ImportRun.Kind.MATTERS
