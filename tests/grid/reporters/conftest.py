"""What every test of reporters needs: keys of its own, and a city in which a report can be made."""

import pytest

from tests.factories import grid as ground

NAME = "欧阳测某"
PHONE = "13987654321"
EMAIL = "canary-mail@example.cn"
ADDRESS = "测试一路137号2幢"


@pytest.fixture(autouse=True)
def _own_keys(settings, tmp_path):
    settings.CITYOPS_KEY_DIR = tmp_path / "keys"
    settings.CITYOPS_MEDIA_DIR = tmp_path / "media"


@pytest.fixture
def city(db):
    ground.ready_city()
