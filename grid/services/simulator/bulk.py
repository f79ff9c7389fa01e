"""Write many rows with COPY; the triggers that mark records for exchange fire once per table."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.gis.db import models
from django.db import connection


def copy_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows (column → value, geometry as EWKT) into a model's table; returns their number."""
    columns = [
        str(field.column)
        for field in model._meta.concrete_fields
        if not field.generated and not isinstance(field, models.BigAutoField)
    ]
    number = 0
    target = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
            number += 1
    return number
