"""Failpoints do nothing until a test arms one."""

import pytest

from cityops.foundation import failpoints
from cityops.foundation.failpoints import POINTS, arm, arm_from_settings, disarm, failpoint


@pytest.fixture(autouse=True)
def _nothing_armed():
    yield
    disarm()


def test_a_point_acts_once_the_number_of_times_it_was_armed_for():
    seen = []
    arm("push.before", 3, lambda: seen.append("now"))
    for number in range(1, 6):
        failpoint("push.before")
        failpoint("push.answered")
        assert len(seen) == (number >= 3)


@pytest.mark.parametrize(("name", "number"), [("no.such", 1), ("push.before", 0)])
def test_what_is_no_point_is_refused(name, number):
    with pytest.raises(ValueError, match="no failpoint"):
        arm(name, number)


def test_settings_arm_a_point_to_end_the_process(settings, monkeypatch):
    ended = []
    monkeypatch.setattr(failpoints.os, "kill", lambda _pid, sent: ended.append(sent))
    arm_from_settings()
    failpoint("receive.kept")
    assert not ended
    settings.FAIL = "receive.kept:2"
    arm_from_settings()
    failpoint("receive.kept")
    assert not ended
    failpoint("receive.kept")
    assert ended == [failpoints.signal.SIGKILL]


def test_every_point_stands_somewhere_in_the_exchange_and_no_other(request):
    import re
    from pathlib import Path

    root = Path(request.config.rootpath)
    found = {
        name
        for path in (root / "sync").rglob("*.py")
        for name in re.findall(r'failpoint\("([a-z.]+)"\)', path.read_text())
    }
    assert found == POINTS
