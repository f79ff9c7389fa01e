"""The launcher starts, kills and restarts what it says."""

import urllib.error
import urllib.request

import pytest

from tests.launcher import Instance, PrivateRedis

pytestmark = pytest.mark.flow


def test_an_instance_answers_survives_a_kill_and_leaves_nothing_behind():
    with PrivateRedis() as redis, Instance("municipal", "330100000000", "330100000000-C", redis=redis) as city:
        city.start_web()
        city.start_worker()
        assert urllib.request.urlopen(f"{city.base_url}/readyz").status == 200
        city.kill("web")
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"{city.base_url}/healthz")
        redis.kill()
        redis.start()
        city.start_web()
        assert urllib.request.urlopen(f"{city.base_url}/readyz").status == 200
        folder = city.folder
    assert not folder.exists()
    assert not city.processes["web"].is_running
    assert not city.processes["worker"].is_running
