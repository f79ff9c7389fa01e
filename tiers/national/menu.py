"""The menu of the nation: that of a province, one level up."""

from tiers.provincial.menu import MENU

__all__ = ["MENU"]
