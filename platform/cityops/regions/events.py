"""What happened to divisions, for the apps above that keep things under their codes."""

from django.dispatch import Signal

divisions_loaded = Signal()
"""Sent after divisions were loaded. A receiver returns lines for the operator: what of its own needs attention now."""


def told_after_loading() -> list[str]:
    """Announce the load, and collect what the receivers have to say."""
    return [line for _receiver, lines in divisions_loaded.send(None) for line in lines or ()]
