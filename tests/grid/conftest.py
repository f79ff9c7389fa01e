"""What every test of the grid needs."""

import pytest

from grid.selectors.calendar import forget_desk


@pytest.fixture(autouse=True)
def _fresh_desk():
    """No test counts with the calendar of another."""
    forget_desk()
    yield
    forget_desk()
