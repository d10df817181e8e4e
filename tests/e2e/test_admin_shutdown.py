"""The end of the daemon while something is under way."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import CLOUD_SYNC, DROPBOX, ONEDRIVE, audit, connection, ended, holds, pause, record, sent, status
from support.admin import administrated, changes, expect, start
from support.wait import eventually


@pytest.fixture
def nas(stage):
    return stage.simulator()


def told(nas, method):
    def once():
        assert len(sent(nas, method)) == 1

    eventually(once)


def test_an_action_that_hangs_is_cut_off_and_called_unknown(stage, nas):
    config = administrated(nas.url, stage.directory / "admin", poll={"timeout": "5m", "stale_after": "1h"},
                           automation={"verify_timeout": "3s"})
    exporter = start(stage, config).polled()
    nas.fault("hang", CLOUD_SYNC, "pause")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(exporter.admin.post, connection(ONEDRIVE, "/pause"), {"reason": "x"})
        told(nas, "pause")
        exporter.process.signal(signal.SIGTERM)
        # It gives itself less than 5 s. A busy machine may take longer; whoever waits for the NAS takes 5 min.
        assert exporter.process.wait(within=30) == 0
        with pytest.raises(OSError):
            asked.result()
    nas.heal()
    exporter = start(stage, config).polled()
    written, = audit(exporter)
    assert (written["action"], written["outcome"]) == ("pause", "unknown")
    hold, = holds(exporter)
    ended(exporter, hold)
    assert status(nas, ONEDRIVE) == "syncing"
    assert audit(exporter, outcome="pending") == []


def test_an_action_that_ends_in_time_is_answered_and_recorded(stage, nas):
    config = administrated(nas.url, stage.directory / "admin")
    exporter = start(stage, config).polled()
    nas.fault({"latency": 0.5}, CLOUD_SYNC, "set_connection_setting")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(exporter.admin.patch, connection(DROPBOX, "/settings"), {"max_upload_speed": 6})
        told(nas, "set_connection_setting")
        exporter.process.signal(signal.SIGTERM)
        answer = expect(200, asked.result())
        assert exporter.process.wait(within=30) == 0
    assert answer["verified"] is True and answer["after"]["max_upload_speed"] == 6
    # It needed its session until then.
    assert nas.requests()[-1]["method"] == "logout"
    nas.heal()
    exporter = start(stage, config)
    written = record(exporter, answer["audit_id"])
    assert (written["outcome"], written["after"]) == ("succeeded", answer["after"])


def test_holds_stay_when_the_daemon_goes(stage, nas):
    exporter = start(stage, administrated(nas.url, stage.directory / "admin")).polled()
    pause(exporter, ONEDRIVE)
    before = changes(nas)
    exporter.process.signal(signal.SIGTERM)
    assert exporter.process.wait(within=30) == 0
    assert changes(nas) == before and status(nas, ONEDRIVE) == "pause"
