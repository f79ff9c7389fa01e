"""A town with a class in force, and who works on its streets and desks."""

import pytest

from tests.factories import grid as ground
from tests.factories.people import person


@pytest.fixture
def town(settings, tmp_path, db):
    settings.CITYOPS_MEDIA_DIR = tmp_path / "pictures"
    ground.ready_city()
    ground.class_version()


@pytest.fixture
def collector():
    return person("collector")


@pytest.fixture
def desk():
    return person(("acceptor", "duty_leader", "dispatcher"))
