"""Holds: they end on time, never resume what they did not pause, and let a person win."""

import pytest

from support.acts import (CAMERA, DROPBOX, GOOGLE, ONEDRIVE, S3, WEBDAV, Home, audit, connection, ended,
                          holds, pause, paused_by_a_person, record, seconds, sent, shows, status)
from support.admin import changes, expect, nothing_changes, problem
from support.wait import eventually

EVERY = {DROPBOX, ONEDRIVE, GOOGLE, S3, CAMERA, WEBDAV}


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage, automation={"verify_timeout": "3s"})


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


def resumes(nas, number):
    """How often the NAS was told to resume a connection."""
    return sum(params == {"connection_id": number} for params in sent(nas, "resume"))


def test_ends_on_time_and_resumes(home):
    before = status(home.nas, ONEDRIVE)
    answer = expect(200, home.admin.post(connection(ONEDRIVE, "/pause"), {"reason": "a test", "for": "1s"}))
    assert (answer["before"], answer["after"], answer["verified"]) == ({"status": before}, {"status": "pause"}, True)
    hold = answer["hold"]
    assert (hold["phase"], hold["was_paused"], hold["latch"], hold["kind"]) == ("held", False, False, "manual")
    assert (hold["author"], hold["reason"], hold["connection"]) == ("ops", "a test", "Microsoft OneDrive")
    assert seconds(hold["until"]) == pytest.approx(seconds(hold["created"]) + 1)
    ended(home.exporter, hold)
    assert status(home.nas, ONEDRIVE) == before
    assert changes(home.nas)[-1][0] == "resume" and resumes(home.nas, ONEDRIVE) == 1
    newest = audit(home.exporter, limit=1)[0]
    assert (newest["action"], newest["source"], newest["outcome"]) == ("resume", "release", "succeeded")
    assert hold["id"] in newest["reason"] and newest["time"] >= hold["until"]
    assert newest["target"] == {"kind": "connection", "id": ONEDRIVE, "name": "Microsoft OneDrive",
                                "connection_id": ONEDRIVE}


def test_what_a_person_had_paused_stays_paused(home):
    paused_by_a_person(home.nas, DROPBOX)
    timed = pause(home.exporter, DROPBOX, **{"for": "1s"})
    released = pause(home.exporter, DROPBOX)
    assert (timed["was_paused"], released["was_paused"]) == (True, True)
    ended(home.exporter, timed)
    answer = expect(200, home.admin.delete(f"/holds/{released['id']}", reason="enough"))
    assert [hold["id"] for hold in answer["ended_holds"]] == [released["id"]]
    assert holds(home.exporter) == []
    assert status(home.nas, DROPBOX) == "pause" and resumes(home.nas, DROPBOX) == 0
    newest = record(home.exporter, answer["audit_id"])
    assert (newest["action"], newest["reason"], newest["token"]) == ("release", "enough", "ops")


def test_two_holds_keep_it_until_the_last_goes(home):
    short = pause(home.exporter, CAMERA, **{"for": "1s"})
    long = pause(home.exporter, CAMERA)
    # Paused by a hold is not paused by a person.
    assert (short["was_paused"], long["was_paused"]) == (False, False)
    ended(home.exporter, short)
    assert status(home.nas, CAMERA) == "pause" and resumes(home.nas, CAMERA) == 0
    assert holds(home.exporter, nas="home", connection=CAMERA) == [long]
    expect(200, home.admin.delete(f"/holds/{long['id']}"))
    shows(home.nas, CAMERA, "running")
    assert resumes(home.nas, CAMERA) == 1


def test_two_that_end_together_resume_once(home):
    both = [pause(home.exporter, WEBDAV, **{"for": "1s"}) for _ in range(2)]
    for hold in both:
        ended(home.exporter, hold)
    shows(home.nas, WEBDAV, "running")
    assert resumes(home.nas, WEBDAV) == 1


def test_who_resumes_in_dsm_wins(home):
    first, second = pause(home.exporter, ONEDRIVE), pause(home.exporter, ONEDRIVE, **{"for": "1h"})
    home.nas.call("resume", connection_id=ONEDRIVE)
    before = len(changes(home.nas))
    for hold in (first, second):
        ended(home.exporter, hold)
    assert status(home.nas, ONEDRIVE) != "pause"
    # Nothing was sent: neither pause nor resume.
    assert len(changes(home.nas)) == before
    assert {one["action"] for one in audit(home.exporter, limit=2)} == {"release"}
    assert all("somebody else resumed" in one["reason"] for one in audit(home.exporter, limit=2))


def test_resume_says_whose_holds_it_ends(home):
    mine = [pause(home.exporter, ONEDRIVE, reason=why) for why in ("one", "two")]
    other = pause(home.exporter, DROPBOX)
    with nothing_changes(home.nas):
        planned = expect(200, home.admin.post(connection(ONEDRIVE, "/resume"), {}, dry_run=True))
    assert planned["dry_run"] is True
    assert sorted(hold["reason"] for hold in planned["ended_holds"]) == ["one", "two"]
    assert len(holds(home.exporter)) == 3
    answer = expect(200, home.admin.post(connection(ONEDRIVE, "/resume"), {"reason": "done"}))
    by_id = sorted(answer["ended_holds"], key=lambda hold: hold["id"])
    assert by_id == sorted(mine, key=lambda hold: hold["id"])
    assert (answer["before"], answer["verified"]) == ({"status": "pause"}, True)
    assert answer["after"] == {"status": status(home.nas, ONEDRIVE)} != {"status": "pause"}
    assert holds(home.exporter) == [other]
    assert resumes(home.nas, ONEDRIVE) == 1
    expect(200, home.admin.post(connection(DROPBOX, "/resume")))


def test_resume_of_what_a_person_paused_is_what_it_says(home):
    answer = expect(200, home.admin.post(connection(S3, "/resume"), {"reason": "the archive is needed"}))
    assert answer["ended_holds"] == []
    shows(home.nas, S3, "running")


def test_a_latched_hold_withstands_resume_until_overridden(home):
    wish = {"nas": "home", "connection_id": WEBDAV, "reason": "evidence", "latch": True}
    latched = expect(201, home.admin.post("/holds", wish))["hold"]
    assert latched["latch"] is True
    pause(home.exporter, WEBDAV)
    with nothing_changes(home.nas):
        for path, body in [(connection(WEBDAV, "/resume"), {}), ("/nas/home/resume", {"all": True})]:
            for dry in (False, True):
                refused = problem(409, "hold-conflict", home.admin.post(path, body, dry_run=dry))
                assert refused["holds"] == [latched]
    assert len(holds(home.exporter)) == 2
    answer = expect(200, home.admin.post(connection(WEBDAV, "/resume"), {"override": True}))
    assert latched in answer["ended_holds"] and len(answer["ended_holds"]) == 2
    shows(home.nas, WEBDAV, "running")
    # By its name it ends without more words.
    latched = expect(201, home.admin.post("/holds", wish))["hold"]
    expect(200, home.admin.delete(f"/holds/{latched['id']}"))
    shows(home.nas, WEBDAV, "running")
    body = problem(422, "invalid-body", home.admin.post("/holds", {**wish, "for": "1h"}))
    assert [error["pointer"] for error in body["errors"]] == ["/for"]


def test_all_is_said_out_loud(home):
    with nothing_changes(home.nas):
        for path, body in [("/nas/home/pause", {"reason": "x"}), ("/nas/home/pause", {"reason": "x", "all": False}),
                           ("/nas/home/resume", {}), ("/nas/home/resume", {"all": False})]:
            assert [error["pointer"] for error in
                    problem(422, "invalid-body", home.admin.post(path, body))["errors"]] == ["/all"]
    assert holds(home.exporter) == []
    before = {number: status(home.nas, number) for number in EVERY}
    answer = expect(200, home.admin.post("/nas/home/pause", {"reason": "maintenance", "all": True}))
    assert sent(home.nas, "pause") == [{}]
    assert {hold["connection_id"]: hold["was_paused"] for hold in answer["holds"]} == {
        number: number == S3 for number in EVERY}
    assert answer["before"] == {"status": {str(number): word for number, word in before.items()}}
    assert answer["after"] == {"status": {str(number): "pause" for number in EVERY}}
    assert {hold["id"] for hold in holds(home.exporter)} == {hold["id"] for hold in answer["holds"]}
    assert record(home.exporter, answer["audit_id"])["target"] == {"kind": "nas", "name": "home"}
    resumed = expect(200, home.admin.post("/nas/home/resume", {"all": True}))
    assert sent(home.nas, "resume") == [{}]
    assert {hold["id"] for hold in resumed["ended_holds"]} == {hold["id"] for hold in answer["holds"]}
    assert holds(home.exporter) == []


def test_all_for_a_while_leaves_paused_what_was(home):
    answer = expect(200, home.admin.post("/nas/home/pause", {"reason": "backup window", "all": True, "for": "1s"}))
    for hold in answer["holds"]:
        ended(home.exporter, hold)
    assert {number for number in EVERY if status(home.nas, number) == "pause"} == {S3}
    assert sorted(params["connection_id"] for params in sent(home.nas, "resume")) == sorted(EVERY - {S3})


def test_the_metrics_follow(home):
    def shown(expected, expiry):
        def follows():
            metrics = home.exporter.metrics()
            found = {labels["conn_id"]: value for labels, value in metrics.select("cloudsync_holds", nas="home")}
            assert found == expected
            ends = metrics.select("cloudsync_hold_expiry_timestamp_seconds", nas="home", kind="manual", rule="")
            assert {labels["conn_id"]: round(value, 3) for labels, value in ends} == expiry
        eventually(follows)

    shown({}, {})
    until = pause(home.exporter, DROPBOX, **{"for": "1h"})["until"]
    stamp = round(seconds(until), 3)
    shown({"1": 1}, {"1": stamp})
    pause(home.exporter, DROPBOX, **{"for": "2h"})
    forever = pause(home.exporter, WEBDAV)
    # Of two the later counts: until then it stays paused.
    later = round(seconds(holds(home.exporter, connection=DROPBOX)[-1]["until"]), 3)
    shown({"1": 2, "6": 1}, {"1": later})
    expect(200, home.admin.delete(f"/holds/{forever['id']}"))
    shown({"1": 2}, {"1": later})
    acted = home.exporter.metrics().value
    paused, released = (acted("cloudsync_actions_total", nas="home", action=action, source="api")
                        for action in ("pause", "resume"))
    expect(200, home.admin.post(connection(DROPBOX, "/resume")))
    shown({}, {})
    acted = home.exporter.metrics().value
    assert acted("cloudsync_actions_total", nas="home", action="resume", source="api") == released + 1
    assert acted("cloudsync_actions_total", nas="home", action="pause", source="api") == paused
    listed = expect(200, home.admin.get("/nas"))["nas"][0]
    assert (listed["holds"], listed["connections"]) == (0, 6)


def test_a_removed_connection_takes_its_holds_along(stage):
    # The NAS is another's after this.
    home = Home(stage)
    holding = [pause(home.exporter, number) for number in (DROPBOX, DROPBOX)]
    kept = [pause(home.exporter, number) for number in (CAMERA, WEBDAV)]
    expect(200, home.admin.delete(connection(DROPBOX), confirm="Dropbox"))
    assert holds(home.exporter, connection=DROPBOX) == []
    for hold in holding:
        ended(home.exporter, hold)
    # Where it only is not listed, as by a NAS that starts or when somebody removed it in DSM, the hold waits.
    home.nas.call("unlink_connection", connection_id=CAMERA)
    expect(200, home.admin.post("/api/v1/nas/home/poll"))
    assert holds(home.exporter) == kept
