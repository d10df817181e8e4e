"""A person wins over a rule, whichever way they take, until the alert comes anew."""

import pytest

from support.acts import CAMERA, DROPBOX, ONEDRIVE, S3, WEBDAV, audit, connection, holds, pause, sent, status
from support.admin import changes, expect, nothing_changes, problem
from support.automation import (BY_LABELS, Automated, alert, becomes, blocked, holding, name_of, named, over, polls,
                                released, rule, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "also": rule('alertname=~"Also.*"', BY_LABELS),
    "latched": rule('alertname=~"Latched.*"', BY_LABELS, latch=True),
}


class Held:
    """An alert that holds a connection."""

    def __init__(self, home, number, word="Any"):
        self.home, self.exporter, self.number = home, home.exporter, number
        self.alert = alert(named(word), number)
        self.name = name_of(self.alert)
        tell(self.exporter, self.alert)
        self.hold = holding(self.exporter, number)

    def repeat(self):
        tell(self.exporter, self.alert)

    def end(self):
        tell(self.exporter, over(self.alert))

    def stays_away(self):
        """The rule leaves the connection alone for this episode, and holds it in the next."""
        before = len(changes(self.home.nas))
        becomes(self.exporter, self.name, "acted", "blocked/stood_down")
        for _ in range(2):
            self.repeat()
        polls(self.exporter)
        assert holds(self.exporter, connection=self.number) == [] and status(self.home.nas, self.number) != "pause"
        assert len(changes(self.home.nas)) == before
        becomes(self.exporter, self.name, "acted", "blocked/stood_down")
        self.end()
        self.alert = alert(self.name, self.number)
        self.repeat()
        anew = holding(self.exporter, self.number)
        assert anew["episode"] != self.hold["episode"] and anew["id"] != self.hold["id"]
        self.end()
        released(self.exporter, self.number)


def test_who_resumes_in_dsm(stage):
    home = Automated(stage, RULES)
    held = Held(home, ONEDRIVE)
    before = blocked(home.exporter, "stood_down")
    home.nas.call("resume", connection_id=ONEDRIVE)
    released(home.exporter, ONEDRIVE)
    # The rule sends nothing.
    assert told(home.nas, "pause", ONEDRIVE) == 1 and len(changes(home.nas)) == 2
    held.stays_away()
    assert blocked(home.exporter, "stood_down") == before + 1


def test_who_resumes_by_the_api(stage):
    home = Automated(stage, RULES)
    held = Held(home, ONEDRIVE)
    with nothing_changes(home.nas):
        for body in ({}, {"reason": "I need it", "override": False}):
            refused = problem(409, "hold-conflict", home.admin.post(connection(ONEDRIVE, "/resume"), body))
            assert [one["id"] for one in refused["holds"]] == [held.hold["id"]]
        refused = problem(409, "hold-conflict", home.admin.post("/nas/home/resume", {"all": True}))
        assert [one["rule"] for one in refused["holds"]] == ["any"]
    answer = expect(200, home.admin.post(connection(ONEDRIVE, "/resume"), {"reason": "I need it", "override": True}))
    assert [one["id"] for one in answer["ended_holds"]] == [held.hold["id"]]
    assert status(home.nas, ONEDRIVE) == "syncing"
    held.stays_away()


def test_who_ends_the_hold(stage):
    home = Automated(stage, RULES)
    held = Held(home, CAMERA)
    answer = expect(200, home.admin.delete(f"/holds/{held.hold['id']}", reason="enough"))
    assert [one["id"] for one in answer["ended_holds"]] == [held.hold["id"]]
    assert status(home.nas, CAMERA) == "syncing"
    held.stays_away()


def test_standing_down_outlives_a_restart(stage):
    home = Automated(stage, RULES)
    held = Held(home, ONEDRIVE)
    home.nas.call("resume", connection_id=ONEDRIVE)
    released(home.exporter, ONEDRIVE)
    home.exporter.stop()
    home.start()
    held.exporter = home.exporter
    held.stays_away()


def test_one_alert_of_two_that_stands_down_takes_the_other_along(stage):
    """Whoever resumes does not ask which alerts were behind the hold."""
    home = Automated(stage, RULES)
    first, second = Held(home, ONEDRIVE), alert(named("Any"), ONEDRIVE)
    tell(home.exporter, second)
    becomes(home.exporter, name_of(second), "joined")
    home.nas.call("resume", connection_id=ONEDRIVE)
    released(home.exporter, ONEDRIVE)
    becomes(home.exporter, first.name, "acted", "blocked/stood_down")
    becomes(home.exporter, name_of(second), "joined", "blocked/stood_down")
    # Another alert is another matter.
    Held(home, ONEDRIVE)


def test_what_begins_after_a_persons_resume_is_another_matter(stage):
    """However soon after it."""
    home = Automated(stage, RULES)
    Held(home, ONEDRIVE)
    expect(200, home.admin.post(connection(ONEDRIVE, "/resume"), {"reason": "I need it", "override": True}))
    Held(home, ONEDRIVE)
    # So is the next episode of the same alert.
    again = Held(home, CAMERA)
    expect(200, home.admin.post(connection(CAMERA, "/resume"), {"reason": "I need it", "override": True}))
    tell(home.exporter, over(again.alert), alert(again.name, CAMERA))
    holding(home.exporter, CAMERA)


def test_what_a_person_paused_under_a_rule_stays_paused(stage):
    home = Automated(stage, RULES)
    held = Held(home, DROPBOX)
    mine = pause(home.exporter, DROPBOX, reason="me too")
    assert mine["was_paused"] is False
    held.end()

    def alone():
        assert [one["id"] for one in holds(home.exporter)] == [mine["id"]]

    eventually(alone)
    becomes(home.exporter, held.name, "acted", "resolved")
    assert status(home.nas, DROPBOX) == "pause" and told(home.nas, "resume", DROPBOX) == 0
    expect(200, home.admin.delete(f"/holds/{mine['id']}"))
    assert status(home.nas, DROPBOX) == "uptodate" and told(home.nas, "resume", DROPBOX) == 1


def test_a_person_who_resumes_their_own_does_not_end_the_rules(stage):
    home = Automated(stage, RULES)
    held = Held(home, DROPBOX)
    mine = pause(home.exporter, DROPBOX)
    expect(200, home.admin.delete(f"/holds/{mine['id']}"))
    polls(home.exporter)
    assert [one["id"] for one in holds(home.exporter)] == [held.hold["id"]]
    assert status(home.nas, DROPBOX) == "pause"
    held.end()
    released(home.exporter, DROPBOX)
    assert status(home.nas, DROPBOX) == "uptodate"


def test_what_was_paused_before_stays_paused(stage):
    home = Automated(stage, RULES)
    held = Held(home, S3)
    assert held.hold["was_paused"] is True
    held.end()
    released(home.exporter, S3)
    polls(home.exporter)
    assert status(home.nas, S3) == "pause" and sent(home.nas, "resume") == []


def test_a_latch_is_a_persons_to_open(stage):
    home = Automated(stage, RULES)
    held = Held(home, WEBDAV, "Latched")
    assert held.hold["latch"] is True and "until" not in held.hold
    held.end()
    becomes(home.exporter, held.name, "acted", "resolved")
    polls(home.exporter)
    assert [one["id"] for one in holds(home.exporter)] == [held.hold["id"]]
    problem(409, "hold-conflict", home.admin.post(connection(WEBDAV, "/resume"), {}))
    expect(200, home.admin.delete(f"/holds/{held.hold['id']}", reason="looked into it"))
    assert status(home.nas, WEBDAV) == "uptodate"
    released(home.exporter, WEBDAV)


def test_two_rules_hold_until_the_last_lets_go(stage):
    home = Automated(stage, RULES)
    first = Held(home, CAMERA)
    other = alert(named("Also"), CAMERA)
    tell(home.exporter, other)
    becomes(home.exporter, name_of(other), "acted")
    assert sorted(one["rule"] for one in holds(home.exporter)) == ["also", "any"]
    first.end()

    def alone():
        assert [one["rule"] for one in holds(home.exporter)] == ["also"]

    eventually(alone)
    assert status(home.nas, CAMERA) == "pause" and told(home.nas, "resume", CAMERA) == 0
    tell(home.exporter, over(other))
    released(home.exporter, CAMERA)
    assert status(home.nas, CAMERA) == "syncing" and told(home.nas, "resume", CAMERA) == 1


def test_the_records_say_whose_it_was(stage):
    home = Automated(stage, RULES)
    held = Held(home, CAMERA)
    held.end()
    released(home.exporter, CAMERA)
    written = audit(home.exporter, connection=CAMERA, limit=10)
    ours = [one for one in written if held.name in one.get("reason", "") or held.hold["id"] in one.get("reason", "")]
    assert {(one["action"], one["source"], one["outcome"]) for one in ours} >= {
        ("pause", "rule", "succeeded"), ("resume", "release", "succeeded"), ("decide", "rule", "succeeded")}
    assert {one["token"] for one in ours if one["action"] != "resume"} == {"alertmanager"}
