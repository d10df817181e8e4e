"""Signals: SIGHUP loads the configuration, SIGTERM and SIGINT end the daemon whatever a NAS does."""

import signal

import pytest

from support.exporter import configuration
from support.wait import eventually


def connected(exporter, nas="home"):
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_up", nas=nas) == 1
    return metrics


def test_reload_good_then_bad(stage):
    nas = stage.simulator()
    config = configuration(nas.url)
    exporter = stage.exporter(config)
    first = eventually(lambda: connected(exporter))
    loaded = "cloudsync_exporter_config_last_reload_successful"
    when = "cloudsync_exporter_config_last_reload_success_timestamp_seconds"
    assert first.value(loaded) == 1

    config["nas"]["second"] = dict(config["nas"]["home"])
    exporter.configure(config)
    exporter.process.signal(signal.SIGHUP)
    second = eventually(lambda: connected(exporter, "second"))
    assert second.value(loaded) == 1
    assert second.value(when) > first.value(when)
    # What did not change goes on with its counters.
    assert second.value("cloudsync_polls_total", nas="home") >= first.value("cloudsync_polls_total", nas="home")

    exporter.file.write_text("nas:\n  third: {url: nowhere}\n")
    exporter.process.signal(signal.SIGHUP)

    def refused():
        metrics = exporter.metrics()
        assert metrics.value(loaded) == 0
        return metrics

    third = eventually(refused)
    assert third.value(when) == eventually(lambda: connected(exporter)).value(when) >= second.value(when)
    assert "nas.third.url" in exporter.process.output()
    polls = third.value("cloudsync_polls_total", nas="second")

    def old_one_in_force():
        metrics = connected(exporter, "second")
        assert metrics.value("cloudsync_polls_total", nas="second") > polls
        assert not metrics.select("cloudsync_up", nas="third")

    eventually(old_one_in_force)

    del config["nas"]["second"]
    exporter.configure(config)
    exporter.process.signal(signal.SIGHUP)

    def gone():
        metrics = connected(exporter)
        assert metrics.value(loaded) == 1
        assert not metrics.select("cloudsync_up", nas="second")

    eventually(gone)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_and_logs_out(stage, number):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url))
    eventually(lambda: connected(exporter))
    exporter.process.signal(number)
    assert exporter.process.wait(within=30) == 0
    assert nas.requests()[-1]["method"] == "logout"


def test_ends_although_the_nas_hangs(stage):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url, poll={"timeout": "5m", "stale_after": "1h"}))
    eventually(lambda: connected(exporter))
    nas.fault("hang")
    asked = len(nas.requests())

    def hanging():
        assert len(nas.requests()) > asked

    eventually(hanging)
    exporter.process.signal(signal.SIGTERM)
    # It gives itself less than 5 s. A busy machine may take longer; whoever waits for the NAS takes 5 min.
    assert exporter.process.wait(within=30) == 0


def test_a_second_signal_ends_at_once(stage):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url, poll={"timeout": "5m"}))
    eventually(lambda: connected(exporter))
    nas.fault("hang")
    exporter.process.signal(signal.SIGTERM)
    exporter.process.line("shutting down")
    exporter.process.signal(signal.SIGTERM)
    code = exporter.process.wait(within=30)
    # Its normal end may have been quicker.
    assert code in (0, 128 + signal.SIGTERM)
    exporter.process.child.returncode = 0
