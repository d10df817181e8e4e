"""Alertmanagers that are asked: an end that nobody is told of is noticed, and what still fires stays held."""

import time

import pytest

from support.acts import CAMERA, ONEDRIVE, holds, kill, seconds, status
from support.admin import expect
from support.alertmanager import webhook
from support.automation import (BY_LABELS, TOKEN, WEBHOOK, Automated, alert, becomes, holding, name_of, named, polls,
                                released, rule, tell, told)
from support.prometheus import closed_port
from support.wait import eventually

pytestmark = pytest.mark.at_once

LEASE = 6
RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "leased": rule('alertname=~"Leased.*"', BY_LABELS, lease=f"{LEASE}s"),
}


class Watched(Automated):
    """A daemon with an Alertmanager that tells it and is asked by it."""

    def __init__(self, stage, prefix="", **more):
        self.alertmanager = stage.alertmanager(prefix=prefix)
        super().__init__(stage, RULES, **{"alertmanagers": [self.alertmanager.url], "reconcile_interval": "1s", **more})
        self.deliver()

    def deliver(self):
        self.alertmanager.deliver(webhook(self.exporter.admin_url + WEBHOOK, TOKEN))


class Firing:
    """An alert that an Alertmanager has, as from Prometheus."""

    def __init__(self, home, number, word="Any", name=None, **labels):
        self.home, self.number, self.starts = home, number, time.time()
        self.name = name or named(word)
        self.labels = {"alertname": self.name, "nas": "home", "conn_id": str(number), **labels}
        self.fire()

    def fire(self):
        self.home.alertmanager.fire(self.starts, time.time() + 3600, **self.labels)

    def end(self):
        self.home.alertmanager.fire(self.starts, time.time(), **self.labels)


def is_up(exporter, expected):
    """Waits until this is what is said of the Alertmanagers by their URLs."""

    def said():
        found = exporter.metrics().select("cloudsync_alertmanager_up")
        assert {labels["alertmanager"].rstrip("/"): value for labels, value in found} == expected

    eventually(said)


def renewed_beyond(exporter, hold, number, span):
    """Waits until the end of a hold was put off by so many seconds, and that it is the same hold."""

    def renewed():
        now, = holds(exporter, connection=number)
        assert now["id"] == hold["id"] and seconds(now["until"]) > seconds(hold["until"]) + span

    eventually(renewed)


@pytest.mark.parametrize("prefix", ["", "/am/one"])
def test_an_end_under_a_silence(stage, prefix):
    home = Watched(stage, prefix)
    firing = Firing(home, ONEDRIVE)
    holding(home.exporter, ONEDRIVE)
    is_up(home.exporter, {home.alertmanager.url: 1})
    home.alertmanager.silence(time.time() + 3600, alertname=firing.name)
    polls(home.exporter)
    # A silence is no end.
    assert status(home.nas, ONEDRIVE) == "pause"
    firing.end()
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing"
    assert "Alertmanager" in becomes(home.exporter, firing.name, "acted", "resolved")["detail"]
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 1)


def test_what_fires_under_a_silence_is_held_beyond_its_lease(stage):
    home = Watched(stage)
    firing = Firing(home, ONEDRIVE, "Leased")
    hold = holding(home.exporter, ONEDRIVE)
    home.alertmanager.silence(time.time() + 3600, alertname=firing.name)
    renewed_beyond(home.exporter, hold, ONEDRIVE, 2 * LEASE)
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 0)
    becomes(home.exporter, firing.name, "acted")
    firing.end()
    released(home.exporter, ONEDRIVE)


def test_what_was_silenced_before_it_began_is_nobodys_business(stage):
    """Asking is for what rules have heard of: who silences does not want to be served."""
    home = Watched(stage)
    name = named("Any")
    silence = home.alertmanager.silence(time.time() + 3600, alertname=name)
    firing = Firing(home, ONEDRIVE, name=name)

    def suppressed():
        assert home.alertmanager.listed(alertname=name)["status"]["state"] == "suppressed"

    eventually(suppressed)
    polls(home.exporter)
    assert holds(home.exporter) == [] and told(home.nas, "pause", ONEDRIVE) == 0
    home.alertmanager.unsilence(silence)
    holding(home.exporter, ONEDRIVE)
    firing.end()
    released(home.exporter, ONEDRIVE)


def test_an_alert_that_the_alertmanager_never_had_is_over(stage):
    """Such as one of an Alertmanager that nobody runs any more."""
    home = Watched(stage)
    one = alert(named("Any"), CAMERA)
    tell(home.exporter, one)
    holding(home.exporter, CAMERA)
    released(home.exporter, CAMERA)
    becomes(home.exporter, name_of(one), "acted", "resolved")


def test_what_a_notification_left_out_is_asked_for(stage):
    home = Watched(stage)
    home.alertmanager.deliver({**webhook(home.exporter.admin_url + WEBHOOK, TOKEN), "max_alerts": 1},
                              group_by=["nas"], group_wait="1s")
    try:
        all_of_them = [Firing(home, number, group="one") for number in (ONEDRIVE, CAMERA)]
        for firing in all_of_them:
            holding(home.exporter, firing.number)
        assert home.exporter.metrics().value("cloudsync_webhook_truncated_alerts_total") > 0
        for firing in all_of_them:
            firing.end()
        for firing in all_of_them:
            released(home.exporter, firing.number)
    finally:
        home.deliver()


def test_an_end_while_the_daemon_is_away(stage):
    home = Watched(stage)
    gone, stays = Firing(home, ONEDRIVE), Firing(home, CAMERA)
    for firing in (gone, stays):
        holding(home.exporter, firing.number)
    kill(home.exporter)
    home.alertmanager.deliver(webhook(f"http://127.0.0.1:{closed_port()}", TOKEN))
    gone.end()
    home.start()
    released(home.exporter, ONEDRIVE)
    polls(home.exporter)
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [CAMERA]
    assert told(home.nas, "pause", CAMERA) == 1


def test_without_alertmanagers_the_lease_ends_it(stage):
    home = Automated(stage, RULES)
    tell(home.exporter, alert(named("Leased"), ONEDRIVE))
    holding(home.exporter, ONEDRIVE)
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing" and told(home.nas, "resume", ONEDRIVE) == 1
    assert home.exporter.metrics().select("cloudsync_alertmanager_up") == []


def test_alertmanagers_that_are_all_dead_change_nothing(stage):
    dead = [f"http://127.0.0.1:{closed_port()}" for _ in range(2)]
    home = Automated(stage, RULES, alertmanagers=dead, reconcile_interval="1s")
    lasting, leased = alert(named("Any"), CAMERA), alert(named("Leased"), ONEDRIVE)
    tell(home.exporter, lasting, leased)
    holding(home.exporter, ONEDRIVE)
    holding(home.exporter, CAMERA)
    is_up(home.exporter, {url: 0 for url in dead})
    # No answer is no end: the lease decides.
    released(home.exporter, ONEDRIVE)
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [CAMERA]
    assert status(home.nas, ONEDRIVE) == "syncing"


def test_one_of_two_is_enough_to_keep_and_a_restarted_one_ends_nothing(stage):
    home = Watched(stage)
    empty = stage.alertmanager()
    home.reload(alertmanagers=[home.alertmanager.url, empty.url])
    is_up(home.exporter, {home.alertmanager.url: 1, empty.url: 1})
    firing = Firing(home, ONEDRIVE, "Leased")
    hold = holding(home.exporter, ONEDRIVE)
    renewed_beyond(home.exporter, hold, ONEDRIVE, LEASE)
    assert told(home.nas, "pause", ONEDRIVE) == 1
    # One that left the configuration is not spoken of.
    home.reload(alertmanagers=[home.alertmanager.url])
    is_up(home.exporter, {home.alertmanager.url: 1})
    firing.end()
    released(home.exporter, ONEDRIVE)


def test_an_alertmanager_that_goes_is_said_and_comes_back(stage):
    home = Watched(stage)
    url = home.alertmanager.url
    Firing(home, ONEDRIVE)
    holding(home.exporter, ONEDRIVE)
    is_up(home.exporter, {url: 1})
    home.alertmanager.stop()
    is_up(home.exporter, {url: 0})
    polls(home.exporter)
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [ONEDRIVE]
    assert status(home.nas, ONEDRIVE) == "pause"
    assert expect(200, home.admin.get("/automation/decisions"))["mode"] == "enforce"
