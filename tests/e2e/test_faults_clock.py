"""The clock of the host jumps, and a name stops resolving: both while the exporter runs."""

import os
import re
import time

import pytest

from support import http
from support.admin import Administrated, administrated
from support.conditions import FakeClock
from support.exporter import configuration
from support.prometheus import free_port
from support.wait import eventually

DAY = 86_400
NAME = "nas.test"


def metrics(exporter):
    return exporter.metrics()


def polled_again(exporter, polls=2):
    """Waits for so many polls more."""
    before = metrics(exporter).value("cloudsync_polls_total", nas="home")

    def polled():
        assert metrics(exporter).value("cloudsync_polls_total", nas="home") >= before + polls
    eventually(polled)


@pytest.fixture
def jumping(stage, tmp_path):
    """An exporter whose wall clock is the test's to set; the clock that only runs forward is the host's."""
    clock = FakeClock(tmp_path / "clock")
    clock.set(0)
    nas = stage.simulator()
    environ = {**clock.environ(), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    exporter = stage.start(Administrated, administrated(nas.url, tmp_path / "admin"), environ=environ)
    exporter.polled()
    exporter.clock = clock
    return exporter


def is_well(exporter, offset):
    """It polls on, and what it says of times is of the clock as it is now."""
    polled_again(exporter)
    seen = metrics(exporter)
    assert seen.value("cloudsync_up", nas="home") == 1
    assert seen.true("cloudsync_down_reason", "reason", nas="home") is None
    age = time.time() + offset - seen.value("cloudsync_last_success_timestamp_seconds", nas="home")
    # Minutes, where a jump is a day at least.
    assert -60 < age < 60, age
    assert seen.value("cloudsync_poll_duration_seconds_sum", nas="home") < 1_000
    assert http.get(exporter.url + "/-/healthy").status == 200
    page = http.get(exporter.url + "/").text
    assert int(re.search(r">(-?\d+) s ago<", page)[1]) < 60, page


def holds(exporter):
    return [hold["connection_id"] for hold in exporter.admin.get("/holds").json()["holds"]]


def test_the_clock_jumps(jumping):
    exporter = jumping
    for number, until in ((1, "1h"), (2, None)):
        body = {"reason": "before the jump", **({"for": until} if until else {})}
        assert exporter.admin.post(f"/nas/home/connections/{number}/pause", body).status in (200, 202)
    for offset, held in ((-DAY, [1, 2]), (0, [1, 2]), (366 * DAY, [2]), (0, [2]), (-366 * DAY, [2]), (0, [2])):
        exporter.clock.set(offset)
        is_well(exporter, offset)

        def as_expected(held=held):
            assert sorted(holds(exporter)) == held
            status = {number: metrics(exporter).true("cloudsync_connection_status", "status", nas="home", conn_id=str(number))
                      for number in (1, 2)}
            assert {number for number, is_now in status.items() if is_now == "pause"} == set(held), status
        eventually(as_expected)
    assert exporter.admin.post("/nas/home/connections/2/resume", {"reason": "after the jumps"}).status in (200, 202)
    eventually(lambda: _is_empty(holds(exporter)))


def _is_empty(items):
    assert not items, items


@pytest.mark.skipif(os.geteuid() != 0, reason="a name of its own for one program needs a mount, and that root")
def test_a_name_stops_resolving(stage, tmp_path):
    hosts, port = tmp_path / "hosts", free_port()
    with_name = f"127.0.0.1 localhost {NAME}\n"
    hosts.write_text(with_name)
    nas = stage.simulator(port)
    mounted = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]
    exporter = stage.exporter(configuration(f"http://{NAME}:{port}"), prefix=mounted)

    def is_up():
        assert metrics(exporter).value("cloudsync_up", nas="home") == 1
    eventually(is_up)
    for _ in range(2):
        # In place: it is the file that is mounted.
        hosts.write_text("127.0.0.1 localhost\n")
        # A connection that is open needs no name.
        nas.stop()
        nas = stage.simulator(port)

        def is_gone():
            assert metrics(exporter).true("cloudsync_down_reason", "reason", nas="home") == "dns"
        eventually(is_gone)
        assert http.get(exporter.url + "/-/healthy").status == 200
        hosts.write_text(with_name)
        eventually(is_up)
