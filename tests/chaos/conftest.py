"""The nodes of a session of tests, from the migrated test database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.chaos.joining import Joined, joined_nodes
from tests.chaos.wire import Network


@pytest.fixture(scope="session")
def joined(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Joined]:
    """国家, 浙江, 杭州 and 宁波, joined and at rest."""
    folder: Path = tmp_path_factory.mktemp("chaos")
    with django_db_blocker.unblock():
        source = connection.settings_dict["NAME"]
        connection.close()
        with joined_nodes(source, folder) as found:
            yield found
        connection.close()


@pytest.fixture
def network(joined: Joined, django_db_blocker) -> Iterator[Network]:
    """The same, as they were when they had just been joined."""
    net, backups = joined
    with django_db_blocker.unblock():
        net.reset()
        for code, backup in backups.items():
            net.nodes[code].restore(backup)
        yield net
        for node in net.nodes.values():
            node.crash()
