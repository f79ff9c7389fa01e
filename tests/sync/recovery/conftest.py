"""A world of four nodes for each test, copied from one that was joined once."""

from collections.abc import Iterator

import pytest
from django.db import connection

from sync.exchange.services import keys
from tests.sync.recovery.nodes import CITY, NATION, PROVINCE, Node, World


@pytest.fixture(scope="module")
def joined(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """The four nodes, joined; with a backup each of the moment before anything happened."""
    from django.conf import settings

    before = settings.CITYOPS_KEY_DIR
    settings.CITYOPS_KEY_DIR = tmp_path_factory.mktemp("keys")
    keys._private.cache_clear()
    with django_db_blocker.unblock():
        connection.close()
        world = World(str(connection.settings_dict["NAME"]))
        for node in world.nodes.values():
            node.back_up()
        yield world
        world.end()
    settings.CITYOPS_KEY_DIR = before


@pytest.fixture
def world(joined: World) -> World:
    """The four nodes as they were joined; nothing has travelled."""
    joined.away.clear()
    joined.before = None
    for node in joined.nodes.values():
        del node.backups[1:]
        node.restore(0)
    return joined


@pytest.fixture
def city(world: World) -> Node:
    """杭州."""
    return world.nodes[CITY]


@pytest.fixture
def province(world: World) -> Node:
    """浙江."""
    return world.nodes[PROVINCE]


@pytest.fixture
def nation(world: World) -> Node:
    """国家."""
    return world.nodes[NATION]
