"""Alerts that come while the NAS is away, or will not listen."""

import pytest

from support.acts import CLOUD_SYNC, DROPBOX, ONEDRIVE, holds, sent, shows, status
from support.admin import expect, start
from support.automation import (BY_LABELS, Automated, alert, automated, becomes, holding, name_of, named, over, polls,
                                released, rule, tell, told)
from support.prometheus import free_port
from support.wait import eventually

pytestmark = pytest.mark.at_once

RULES = {"any": rule('alertname=~"Any.*"', BY_LABELS)}
GONE = {"status": [502, "<html>"]}
# What was seen last is soon too old to act on.
QUICK = {"poll": {"interval": "1s", "slow_interval": "1s", "timeout": "2s", "stale_after": "2s"}}


def down(exporter):
    """Waits until the NAS is down and what was seen of it is withdrawn."""

    def is_down():
        assert expect(200, exporter.admin.get("/nas"))["nas"][0]["up"] is False
        assert not exporter.metrics().select("cloudsync_connections", nas="home")

    eventually(is_down)


def test_an_alert_waits_for_the_nas(stage):
    home = Automated(stage, RULES, sections=QUICK)
    one = alert(named("Any"), ONEDRIVE)
    name = name_of(one)
    home.nas.fault(GONE)
    down(home.exporter)
    tell(home.exporter, one)
    assert becomes(home.exporter, name, "waiting/nas_down")["rule"] == "any"
    # A repeat says nothing new.
    tell(home.exporter, one)
    assert holds(home.exporter) == []
    home.nas.heal()
    hold = holding(home.exporter, ONEDRIVE)
    assert hold["was_paused"] is False and status(home.nas, ONEDRIVE) == "pause"
    becomes(home.exporter, name, "waiting/nas_down", "acted")
    assert told(home.nas, "pause", ONEDRIVE) == 1
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)


def test_an_alert_that_ends_before_the_nas_is_back_is_for_nothing(stage):
    home = Automated(stage, RULES, sections=QUICK)
    one = alert(named("Any"), ONEDRIVE)
    home.nas.fault(GONE)
    down(home.exporter)
    tell(home.exporter, one)
    becomes(home.exporter, name_of(one), "waiting/nas_down")
    tell(home.exporter, over(one))
    home.nas.heal()
    polls(home.exporter)
    becomes(home.exporter, name_of(one), "waiting/nas_down", "resolved")
    assert holds(home.exporter) == [] and sent(home.nas, "pause") == sent(home.nas, "resume") == []


def test_an_alert_that_ends_while_the_nas_is_away_lets_go_when_it_is_back(stage):
    home = Automated(stage, RULES, sections=QUICK)
    one = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    home.nas.fault(GONE)
    down(home.exporter)
    tell(home.exporter, over(one))
    assert status(home.nas, ONEDRIVE) == "pause"
    home.nas.heal()
    released(home.exporter, ONEDRIVE)
    shows(home.nas, ONEDRIVE, "syncing")
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 1)


def test_a_nas_that_refuses_is_asked_again(stage):
    home = Automated(stage, RULES, sections=QUICK)
    one = alert(named("Any"), DROPBOX)
    home.nas.fault({"code": 117}, CLOUD_SYNC, "pause")
    tell(home.exporter, one)
    becomes(home.exporter, name_of(one), "failed/nas_refused")
    assert holds(home.exporter) == []
    home.nas.heal()
    holding(home.exporter, DROPBOX)
    becomes(home.exporter, name_of(one), "failed/nas_refused", "acted")


def test_a_nas_that_was_never_seen(stage):
    port = free_port()
    exporter = start(stage, automated(f"http://127.0.0.1:{port}", stage.directory / "admin", RULES))
    one, other = alert(named("Any"), ONEDRIVE), alert(named("Any"), DROPBOX)
    tell(exporter, one, other)
    becomes(exporter, name_of(one), "waiting/nas_down")
    tell(exporter, over(other))
    nas = stage.simulator(port)
    holding(exporter, ONEDRIVE)
    becomes(exporter, name_of(other), "waiting/nas_down", "resolved")
    polls(exporter)
    assert sent(nas, "pause") == [{"connection_id": ONEDRIVE}]
    assert status(nas, DROPBOX) == "uptodate"
