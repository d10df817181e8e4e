"""A daemon that is killed at each moment of an action loses nothing that it accepted and does nothing twice over."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import ONEDRIVE, audit, holds, kill, status
from support.automation import (BY_LABELS, Automated, alert, holding, named, notification, over, polls, released, rule,
                                send, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

PAUSES = ["webhook_received", "webhook_persisted", "pause_recorded", "pause_intended", "pause_told", "pause_seen",
          "pause_confirmed"]
RELEASES = ["release_recorded", "release_told", "release_seen"]
RULES = {"any": rule('alertname=~"Any.*"', BY_LABELS)}


class Crash:
    """A daemon that stands still at a point of the way of an alert, is killed there and is started again."""

    def __init__(self, stage, point):
        self.home = Automated(stage, RULES, options={"environ": {"CLOUDSYNC_EXPORTER_FAULT_POINT": point}})
        self.alert = alert(named("Any"), ONEDRIVE)
        if point in RELEASES:
            tell(self.home.exporter, self.alert)
            holding(self.home.exporter, ONEDRIVE)
            self.meet(point, over(self.alert))
        else:
            self.meet(point, self.alert)

    def meet(self, point, said):
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(send, self.home.exporter, notification(said))
            self.home.exporter.process.line(rf'fault point reached"?.*\bpoint={point}\b')
            # Before the answer there is none, and after it the Alertmanager is content.
            if point not in ("webhook_received", "webhook_persisted"):
                assert answer.result().status == 200
            kill(self.home.exporter)
            self.accepted = answer.exception() is None
        assert self.accepted == (point not in ("webhook_received", "webhook_persisted"))
        self.home.start()
        if not self.accepted:
            tell(self.home.exporter, said)


def settled(exporter):
    """Waits until nothing is under way."""

    def quiet():
        assert audit(exporter, outcome="pending") == []

    eventually(quiet)
    polls(exporter)
    assert audit(exporter, outcome="pending") == []


@pytest.mark.parametrize("point", PAUSES)
def test_on_the_way_to_a_pause(stage, point):
    crash = Crash(stage, point)
    home, exporter = crash.home, crash.home.exporter
    hold = holding(exporter, ONEDRIVE)
    settled(exporter)
    assert [(one["id"], one["phase"]) for one in holds(exporter)] == [(hold["id"], "held")]
    assert (hold["rule"], hold["was_paused"]) == ("any", False)
    assert status(home.nas, ONEDRIVE) == "pause"
    # Whether the first was heard is not known everywhere, and saying it again does no harm.
    assert 1 <= told(home.nas, "pause", ONEDRIVE) <= 2 and told(home.nas, "resume", ONEDRIVE) == 0
    tell(exporter, over(crash.alert))
    released(exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing" and told(home.nas, "resume", ONEDRIVE) == 1


@pytest.mark.parametrize("point", RELEASES)
def test_on_the_way_to_a_release(stage, point):
    crash = Crash(stage, point)
    home, exporter = crash.home, crash.home.exporter
    released(exporter, ONEDRIVE)
    settled(exporter)
    assert holds(exporter) == [] and status(home.nas, ONEDRIVE) == "syncing"
    assert told(home.nas, "pause", ONEDRIVE) == 1 and 1 <= told(home.nas, "resume", ONEDRIVE) <= 2


def test_what_was_accepted_is_not_lost(stage):
    home = Automated(stage, RULES)
    said = [alert(named("Any"), number) for number in (ONEDRIVE, ONEDRIVE, 1, 5, 6)]
    tell(home.exporter, *said)
    kill(home.exporter)
    home.start()
    for number in (ONEDRIVE, 1, 5, 6):
        holding(home.exporter, number)
    tell(home.exporter, *map(over, said))
    kill(home.exporter)
    home.start()
    for number in (ONEDRIVE, 1, 5, 6):
        released(home.exporter, number)
        assert status(home.nas, number) != "pause"
