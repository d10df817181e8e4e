"""Holds, when daemon or NAS are away or the NAS does not do what it is told."""

import time

import pytest

from support.acts import (CAMERA, CLOUD_SYNC, DROPBOX, ONEDRIVE, S3, WEBDAV, Home, audit, connection, ended, forget,
                          holds, kill, pause, record, seconds, sent, shows, status)
from support.admin import administrated, expect, nothing_changes, problem, start
from support.wait import eventually

# A NAS that hangs is given up soon; a pause that does not show as well.
QUICK = {"poll": {"timeout": "2s"}, "automation": {"verify_timeout": "3s"}}


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage, **QUICK)


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


def passed(moment):
    """Waits until a moment is over."""

    def over():
        assert time.time() > seconds(moment)

    eventually(over)


def failures(exporter, action="pause", source="api"):
    return exporter.metrics().value("cloudsync_action_failures_total", nas="home", action=action, source=source)


def actions(exporter, action="pause", source="api"):
    return exporter.metrics().value("cloudsync_actions_total", nas="home", action=action, source=source)


def down(home):
    def is_down():
        assert expect(200, home.admin.get("/nas"))["nas"][0]["up"] is False

    eventually(is_down)


def test_a_refusal_leaves_no_hold(home):
    home.nas.fault({"code": 105}, CLOUD_SYNC, "pause")
    body = problem(502, "nas-refused", home.admin.post(connection(DROPBOX, "/pause"), {"reason": "x"}))
    assert (body["nas_code"], body["nas_method"], body["reason"]) == (105, "pause", "permission")
    assert holds(home.exporter) == []
    assert status(home.nas, DROPBOX) != "pause"
    written = record(home.exporter, body["audit_id"])
    assert (written["outcome"], written["error"]["code"], written["error"]["method"]) == ("failed", 105, "pause")
    # An older hold is not the refused one's.
    home.nas.heal()
    older = pause(home.exporter, DROPBOX)
    home.nas.fault({"code": 117}, CLOUD_SYNC, "pause")
    problem(502, "nas-refused", home.admin.post(connection(DROPBOX, "/pause"), {"reason": "x"}))
    problem(502, "nas-refused", home.admin.post("/nas/home/pause", {"reason": "x", "all": True}))
    assert holds(home.exporter) == [older]


def test_a_refused_release_is_tried_again(home):
    hold = pause(home.exporter, DROPBOX)
    home.nas.fault({"code": 117}, CLOUD_SYNC, "resume")
    body = problem(502, "nas-refused", home.admin.delete(f"/holds/{hold['id']}", reason="over"))
    assert [(one["id"], one["phase"]) for one in holds(home.exporter)] == [(hold["id"], "releasing")]
    assert record(home.exporter, body["audit_id"])["outcome"] == "failed"
    # A resume that is refused ends nothing: who asked knows that it failed.
    other = pause(home.exporter, CAMERA)
    problem(502, "nas-refused", home.admin.post(connection(CAMERA, "/resume")))
    assert other in holds(home.exporter)
    home.nas.heal()
    ended(home.exporter, hold)
    assert status(home.nas, DROPBOX) != "pause"
    assert holds(home.exporter) == [other]
    newest = audit(home.exporter, connection=DROPBOX, limit=1)[0]
    assert (newest["source"], newest["outcome"]) == ("release", "succeeded")


def test_silence_on_pause_settles_as_not_paused(home):
    home.nas.fault("hang", CLOUD_SYNC, "pause")
    before, acted = failures(home.exporter), actions(home.exporter)
    body = problem(504, "nas-silent", home.admin.post(connection(DROPBOX, "/pause"), {"reason": "x"}))
    assert body["reason"] == "timeout" and "may have done it all the same" in body["detail"]
    assert body["after"] == {"status": "uptodate"}
    hold, = holds(home.exporter)
    assert hold["phase"] == "pausing"
    assert record(home.exporter, body["audit_id"])["outcome"] == "unknown"
    ended(home.exporter, hold)
    # The pause may come yet, so it is undone, and watched for a while longer.
    assert status(home.nas, DROPBOX) == "uptodate" and sent(home.nas, "resume") == [{"connection_id": DROPBOX}]
    over, undone, given_up = audit(home.exporter, limit=3)
    assert (over["action"], over["reason"]) == ("release", f"hold {hold['id']}: the connection runs")
    assert (undone["action"], given_up["action"], given_up["source"]) == ("resume", "give_up", "release")
    assert "does not show the pause" in given_up["reason"]

    def counted_once():
        assert (failures(home.exporter), actions(home.exporter)) == (before + 1, acted + 1)

    eventually(counted_once)


def test_silence_on_pause_settles_as_paused(home):
    home.nas.fault("hang", CLOUD_SYNC, "pause", connection_id=DROPBOX)
    problem(504, "nas-silent", home.admin.post(connection(DROPBOX, "/pause"), {"reason": "x"}))
    home.nas.heal()
    home.nas.call("pause", connection_id=DROPBOX)

    def held():
        hold, = holds(home.exporter)
        assert hold["phase"] == "held"
        return hold

    hold = eventually(held)
    assert hold["was_paused"] is False
    expect(200, home.admin.delete(f"/holds/{hold['id']}"))
    shows(home.nas, DROPBOX, "running")


def test_silence_after_the_pause_is_looked_through(home):
    """The NAS did it, only the answer was lost."""
    home.nas.fault({"cut_body": 3}, CLOUD_SYNC, "pause")
    answer = expect(200, home.admin.post(connection(DROPBOX, "/pause"), {"reason": "x"}))
    assert (answer["verified"], answer["after"]) == (True, {"status": "pause"})
    assert [hold["phase"] for hold in holds(home.exporter)] == ["held"]
    assert record(home.exporter, answer["audit_id"])["outcome"] == "succeeded"


def test_a_nas_that_ignores_pause(home):
    home.nas.change(ignores_pause=True)
    before, acted = failures(home.exporter), actions(home.exporter)
    answer = expect(202, home.admin.post(connection(ONEDRIVE, "/pause"), {"reason": "x"}))
    assert (answer["verified"], answer["hold"]["phase"]) == (False, "pausing")
    assert answer["after"] == answer["before"] == {"status": "syncing"}
    assert record(home.exporter, answer["audit_id"])["outcome"] == "unverified"
    ended(home.exporter, answer["hold"])

    def counted_once():
        assert (failures(home.exporter), actions(home.exporter)) == (before + 1, acted + 1)

    eventually(counted_once)
    # One word was sent, and it is undone, since it may come yet.
    assert sent(home.nas, "pause") == sent(home.nas, "resume") == [{"connection_id": ONEDRIVE}]


def test_a_pause_that_shows_late_is_held(home):
    home.nas.change(ignores_pause=True)
    hold = expect(202, home.admin.post(connection(ONEDRIVE, "/pause"), {"reason": "x"}))["hold"]
    home.nas.change(ignores_pause=False)
    home.nas.call("pause", connection_id=ONEDRIVE)

    def held():
        assert [(one["id"], one["phase"]) for one in holds(home.exporter)] == [(hold["id"], "held")]

    eventually(held)


def test_an_end_that_comes_while_the_nas_is_away(home):
    hold = pause(home.exporter, ONEDRIVE, **{"for": "1s"})
    home.nas.fault({"status": [502, "<html>"]})
    passed(hold["until"])
    down(home)
    assert [one["id"] for one in holds(home.exporter)] == [hold["id"]]
    home.nas.heal()
    ended(home.exporter, hold)
    assert status(home.nas, ONEDRIVE) == "syncing"


def test_a_release_that_the_nas_does_not_hear_is_recorded_and_done_later(home):
    hold = pause(home.exporter, ONEDRIVE)
    home.nas.fault({"status": [502, "<html>"]})
    down(home)
    body = problem(502, "nas-answer", home.admin.delete(f"/holds/{hold['id']}", reason="over", key="the-release"))
    assert [(one["id"], one["phase"]) for one in holds(home.exporter)] == [(hold["id"], "releasing")]
    written = record(home.exporter, body["audit_id"])
    assert (written["token"], written["reason"], written["outcome"]) == ("ops", "over", "failed")
    assert written["before"]["hold"]["id"] == hold["id"]
    # It was begun, so the same request is not done twice.
    again = home.admin.delete(f"/holds/{hold['id']}", reason="over", key="the-release")
    assert again.json() == body
    home.nas.heal()
    ended(home.exporter, hold)
    assert status(home.nas, ONEDRIVE) == "syncing"


def test_a_hold_that_need_not_resume_ends_without_the_nas(home):
    first, second = pause(home.exporter, ONEDRIVE), pause(home.exporter, ONEDRIVE)
    home.nas.fault({"status": [502, "<html>"]})
    down(home)
    expect(200, home.admin.delete(f"/holds/{first['id']}"))
    assert holds(home.exporter) == [second]


def test_a_nas_that_comes_back_without_the_pause_is_paused_again(stage):
    nas = stage.simulator()
    exporter = start(stage, administrated(nas.url, stage.directory / "admin", **QUICK)).polled()
    kept = [pause(exporter, ONEDRIVE), pause(exporter, ONEDRIVE)]
    nas.stop()

    def is_down():
        assert expect(200, exporter.admin.get("/nas"))["nas"][0]["up"] is False

    eventually(is_down)
    # The same NAS with the world as it was before.
    nas = stage.simulator(nas.port)
    assert status(nas, ONEDRIVE) == "syncing"
    shows(nas, ONEDRIVE, "pause")

    def settled():
        found = holds(exporter)
        assert [(one["id"], one["phase"]) for one in found] == [(one["id"], "held") for one in kept]

        again = audit(exporter, action="pause", limit=1)[0]
        assert "came back without the pause" in again["reason"] and again["outcome"] == "succeeded"

    eventually(settled)
    # Two holds are no reason to say it twice.
    assert sent(nas, "pause") == [{"connection_id": ONEDRIVE}] and sent(nas, "resume") == []


def test_a_nas_that_restarts_between_two_polls_is_paused_again(stage):
    """Nobody sees it away. That it does not know the session any more tells a restart from a person's resume."""
    # Of its own, so that the keeper has never found the NAS away.
    nas = stage.simulator()
    exporter = start(stage, administrated(nas.url, stage.directory / "admin", **QUICK)).polled()
    hold = pause(exporter, ONEDRIVE)
    forget(nas)
    nas.restart()
    assert status(nas, ONEDRIVE) == "syncing"
    shows(nas, ONEDRIVE, "pause")

    def settled():
        assert [(one["id"], one["phase"]) for one in holds(exporter)] == [(hold["id"], "held")]
        again = audit(exporter, action="pause", limit=1)[0]
        assert "came back without the pause" in again["reason"] and again["outcome"] == "succeeded"

    eventually(settled)
    assert expect(200, exporter.admin.get("/nas"))["nas"][0]["up"] is True
    assert sent(nas, "pause") == [{"connection_id": ONEDRIVE}] and sent(nas, "resume") == []
    assert nas.logins() == 1 and failures(exporter) == 0


def test_a_nas_that_is_not_ready_yet_when_it_comes_back_is_told_until_it_is(home):
    hold = pause(home.exporter, ONEDRIVE)
    # Away for some polls, and without the pause afterwards; then too busy to take it the first time.
    away = {"matcher": {"api": "SYNO.Entry.Request"}, "kind": {"status": [502, "<html>"]}, "times": 3}
    busy = {"matcher": {"method": "pause"}, "kind": {"code": 117}, "times": 1}
    home.nas.ask("POST", "/faults", [away, busy])
    home.nas.call("resume", connection_id=ONEDRIVE)
    shows(home.nas, ONEDRIVE, "pause")
    assert [one["id"] for one in holds(home.exporter)] == [hold["id"]]
    again = audit(home.exporter, action="pause", connection=ONEDRIVE, limit=2)
    assert all("came back without the pause" in one["reason"] for one in again)
    assert again[1]["error"]["code"] == 117


def restarted(stage, exporter, config, end):
    end(exporter)
    return start(stage, config)


def test_holds_outlive_the_daemon(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", **QUICK)
    exporter = start(stage, config).polled()
    kept = [pause(exporter, DROPBOX, reason="until told"), pause(exporter, WEBDAV, **{"for": "1h"})]
    with nothing_changes(nas):
        for end in (type(exporter).stop, kill):
            exporter = restarted(stage, exporter, config, end).polled()
            assert holds(exporter) == kept

            def shown():
                held = exporter.metrics().select("cloudsync_holds", nas="home")
                assert sorted(labels["conn_id"] for labels, _ in held) == ["1", "6"]

            eventually(shown)
    expect(200, exporter.admin.delete(f"/holds/{kept[0]['id']}"))
    shows(nas, DROPBOX, "running")
    assert status(nas, WEBDAV) == "pause"


def test_an_end_that_comes_while_the_daemon_is_away(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", **QUICK)
    exporter = start(stage, config).polled()
    hold, before = pause(exporter, ONEDRIVE, **{"for": "1s"}), pause(exporter, S3, **{"for": "1s"})
    kill(exporter)
    passed(hold["until"])
    passed(before["until"])
    assert status(nas, ONEDRIVE) == "pause"
    exporter = start(stage, config)
    ended(exporter, hold)
    ended(exporter, before)
    assert (status(nas, ONEDRIVE), status(nas, S3)) == ("syncing", "pause")
