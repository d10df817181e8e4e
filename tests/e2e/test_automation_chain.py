"""The whole chain: a condition, a real Prometheus, real Alertmanagers, a rule, the NAS and back."""

import time

import pytest

from support.acts import CAMERA, DROPBOX, ONEDRIVE, WEBDAV, holds, status
from support.admin import changes, expect
from support.alertmanager import pair, webhook
from support.automation import (BY_LABELS, TOKEN, WEBHOOK, Automated, becomes, by_name, counted, decisions, holding,
                                polls, released, rule, told)
from support.chain import Conditions, alerting, job
from support.wait import eventually

pytestmark = pytest.mark.at_once

BACKLOG = alerting("Backlog", "cloudsync_connection_unfinished_files > 1000", severity="warning")
WAN = alerting("WanSaturated", 'condition{scene!=""} > 0.9', severity="critical")
RULES = {
    "backlog": rule('alertname="Backlog"', BY_LABELS, release_delay="2s"),
    "wan": rule(['alertname="WanSaturated"', 'severity=~"critical|page"'], by_name("Microsoft OneDrive")),
}


class Chain:
    """Four NASes with a daemon each. Prometheus scrapes the daemons and a page of conditions outside of them, and
    tells an Alertmanager alone and a cluster of two. By the label `scene` these know whose an alert is."""

    def __init__(self, stage):
        self.alone, self.both = stage.alertmanager(), pair(stage)
        self.plain = Automated(stage, RULES)
        self.doubled = Automated(stage, RULES)
        self.observing = Automated(stage, RULES, mode="observe")
        self.silenced = Automated(stage, RULES, alertmanagers=[self.alone.url], reconcile_interval="1s")
        homes = {"plain": self.plain, "doubled": self.doubled, "observing": self.observing, "silenced": self.silenced}
        hooks = {scene: webhook(home.exporter.admin_url + WEBHOOK, TOKEN) for scene, home in homes.items()}
        doubled = hooks.pop("doubled")
        self.alone.deliver_each("scene", hooks)
        for one in self.both:
            one.deliver_each("scene", {"doubled": doubled}, repeat_interval="1s")
        self.conditions = stage.start(Conditions)
        jobs = [job(scene, home.exporter.url) for scene, home in homes.items()]
        for each, scene in zip(jobs, homes):
            each["static_configs"][0]["labels"] = {"scene": scene}
        self.prometheus = stage.prometheus(
            [*jobs, self.conditions.job()], rules=[BACKLOG, WAN],
            alertmanagers=[one.url for one in (self.alone, *self.both)])


@pytest.fixture(scope="module")
def chain(shared_stage):
    return Chain(shared_stage)


def files(home, number, left):
    home.nas.ask("POST", "/connection", {"id": number, "unfinished_files": left})


def test_a_condition_of_the_nas(chain):
    home = chain.plain
    files(home, DROPBOX, 5000)
    hold = holding(home.exporter, DROPBOX, "backlog")
    assert status(home.nas, DROPBOX) == "pause" and hold["was_paused"] is False
    decision = becomes(home.exporter, "Backlog", "acted")
    assert (decision["rule"], decision["nas"], decision["connection_id"]) == ("backlog", "home", DROPBOX)

    def shown():
        found = chain.prometheus.query('cloudsync_holds{scene="plain", conn_id="1", rule="backlog", kind="alert"}')
        assert [value for _, value in found] == [1]

    eventually(shown)
    files(home, DROPBOX, 3)
    becomes(home.exporter, "Backlog", "acted", "resolved")
    released(home.exporter, DROPBOX)
    assert status(home.nas, DROPBOX) == "syncing"
    polls(home.exporter)
    assert [name for name, _ in changes(home.nas)] == ["pause", "resume"]
    assert (told(home.nas, "pause", DROPBOX), told(home.nas, "resume", DROPBOX)) == (1, 1)
    assert (counted(home.exporter, "pause", "rule"), counted(home.exporter, "resume", "release")) == (1, 1)
    files(home, DROPBOX, 0)


def test_a_condition_outside_twice_over(chain):
    """Two Alertmanagers that repeat every second, and one of them goes while it lasts."""
    home = chain.doubled
    chain.conditions.set("doubled", 1)
    hold = holding(home.exporter, ONEDRIVE, "wan")

    def heard_often():
        assert home.exporter.metrics().value("cloudsync_webhook_notifications_total") >= 4

    eventually(heard_often)
    chain.both[0].stop()
    heard = home.exporter.metrics().value("cloudsync_webhook_notifications_total")

    def heard_of_the_other():
        assert home.exporter.metrics().value("cloudsync_webhook_notifications_total") > heard

    eventually(heard_of_the_other)
    now, = holds(home.exporter)
    assert now["id"] == hold["id"] and now["until"] > hold["until"]
    chain.conditions.set("doubled", 0)
    released(home.exporter, ONEDRIVE)
    polls(home.exporter)
    assert [name for name, _ in changes(home.nas)] == ["pause", "resume"]
    becomes(home.exporter, "WanSaturated", "acted", "resolved")


def test_observing(chain):
    home = chain.observing
    chain.conditions.set("observing", 1)
    files(home, WEBDAV, 5000)
    decision = becomes(home.exporter, "WanSaturated", "would_act")
    assert (decision["mode"], decision["connection"]) == ("observe", "Microsoft OneDrive")
    becomes(home.exporter, "Backlog", "would_act")
    chain.conditions.set("observing", 0)
    files(home, WEBDAV, 0)
    becomes(home.exporter, "WanSaturated", "would_act", "resolved")
    becomes(home.exporter, "Backlog", "would_act", "resolved")
    polls(home.exporter)
    assert changes(home.nas) == [] and holds(home.exporter) == []
    assert expect(200, home.admin.get("/automation/decisions"))["mode"] == "observe"
    assert {one["mode"] for one in decisions(home.exporter)} == {"observe"}


def test_a_silence_and_an_end_under_it(chain):
    home = chain.silenced
    files(home, CAMERA, 5000)
    holding(home.exporter, CAMERA)
    chain.alone.silence(time.time() + 3600, scene="silenced")
    polls(home.exporter)
    assert status(home.nas, CAMERA) == "pause"
    files(home, CAMERA, 3)
    released(home.exporter, CAMERA)
    assert status(home.nas, CAMERA) == "syncing"
    polls(home.exporter)
    assert [name for name, _ in changes(home.nas)] == ["pause", "resume"]
