"""One chain of instances for all flows: started once, used by every file, told apart by what a test adds."""

import os
from collections.abc import Iterator

import pytest

from tests.chain import chain
from tests.launcher import Instance, PrivateRedis

RECORDS = int(os.environ.get("CITYOPS_FLOW_RECORDS", "3000"))
"""Records that travel while processes are killed; 100000 for the full show."""
BATCH = max(RECORDS // 60, 50)
"""Small enough that there are always batches on the way when something is killed."""


@pytest.fixture(scope="session")
def city_redis() -> Iterator[PrivateRedis]:
    """The Redis of the city alone; a test may kill it and start it again."""
    with PrivateRedis() as server:
        yield server


@pytest.fixture(scope="session")
def joined(city_redis: PrivateRedis) -> Iterator[list[Instance]]:
    """国家, 浙江 and 杭州, joined; no worker runs, so that a test decides when records travel."""
    with (
        PrivateRedis() as upper,
        chain(redis=city_redis, upper=upper, SYNC_TICK_SECONDS="1", SYNC_BATCH_RECORDS=str(BATCH)) as instances,
    ):
        yield instances
