"""What the phone leaves behind."""

from grid.field.models.actions import FieldAction

__all__ = ["FieldAction"]
