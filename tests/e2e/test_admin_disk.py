"""A disk that takes no audit record: nothing is done but the switch and the release of holds, which must not wait."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import (CAMERA, CLOUD_SYNC, DROPBOX, ONEDRIVE, S3, WEBDAV, Home, audit, connection, ended, holds,
                          pause, record, seconds, sent, status, task, without_audit)
from support.admin import expect, nothing_changes, problem
from support.wait import eventually


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage)


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


REFUSED = [
    ("POST", connection(DROPBOX, "/pause"), {"reason": "x"}),
    ("POST", "/nas/home/pause", {"reason": "x", "all": True}),
    ("POST", "/holds", {"nas": "home", "connection_id": DROPBOX, "reason": "x"}),
    # What nobody holds is nobody's to wait for.
    ("POST", connection(DROPBOX, "/resume"), {}),
    ("PATCH", "/nas/home/config", {"log_count": 800}),
    ("PATCH", connection(DROPBOX, "/settings"), {"max_upload_speed": 99}),
    ("PUT", connection(DROPBOX, "/schedule"), {"enabled": True}),
    ("PATCH", task(DROPBOX, "/settings"), {"no_delete": True}),
    ("PATCH", task(DROPBOX, "/filters"), {"filtered_names": ["x"]}),
    ("POST", connection(S3, "/tasks"), {"local_path": "/media/unrecorded", "cloud_path": "/x"}),
    ("DELETE", task(DROPBOX, "?confirm=%2Fdocuments"), None),
    ("DELETE", connection(DROPBOX, "?confirm=Dropbox"), None),
]


def test_without_the_audit_nothing_is_done_but_what_must_be(home):
    named, resumed, timed = (pause(home.exporter, number) for number in (ONEDRIVE, CAMERA, WEBDAV))
    expect(200, home.admin.delete(f"/holds/{timed['id']}"))
    newest = audit(home.exporter, limit=1)[0]["id"]
    world = home.nas.ask("GET", "/world")
    with without_audit(home.exporter):
        with nothing_changes(home.nas):
            for number, (method, path, body) in enumerate(REFUSED):
                for key in (None, f"without-audit-{number}"):
                    problem(503, "audit-unavailable", home.admin.ask(method, path, body, key=key))
            problem(503, "audit-unavailable", home.admin.get("/audit"))
        assert home.nas.ask("GET", "/world") == world
        assert [hold["id"] for hold in holds(home.exporter)] == [named["id"], resumed["id"]]
        # The kill switch and the release of holds go on.
        started = time.time()
        for path, frozen in [("/automation/freeze", True), ("/automation/unfreeze", False)]:
            answer = expect(200, home.admin.post(path, {"reason": "no disk"}))
            assert answer["frozen"] is frozen and "audit_id" not in answer
        assert "audit_id" not in expect(200, home.admin.delete(f"/holds/{named['id']}", reason="no disk"))
        assert "audit_id" not in expect(
            200, home.admin.post(connection(CAMERA, "/resume"), {"reason": "no disk"}, key="resume-without-audit"))
        assert holds(home.exporter) == []
        assert (status(home.nas, ONEDRIVE), status(home.nas, CAMERA)) == ("syncing", "syncing")
        finished = time.time()

    def caught_up():
        written = [one for one in audit(home.exporter) if one["id"] > newest]
        assert len(written) == 4, written
        return written[::-1]

    written = eventually(caught_up)
    assert [one["action"] for one in written] == ["freeze", "unfreeze", "resume", "resume"]
    for one in written:
        assert (one["token"], one["reason"], one["outcome"]) == ("ops", "no disk", "succeeded")
        assert started - 0.01 <= seconds(one["time"]) <= finished
    # What was refused can be asked for again with the same key.
    method, path, body = REFUSED[5]
    expect(200, home.admin.ask(method, path, body, key="without-audit-5"))


def test_a_hold_ends_on_time_without_the_audit(home):
    hold = pause(home.exporter, ONEDRIVE, **{"for": "1s"})
    newest = audit(home.exporter, limit=1)[0]["id"]
    with without_audit(home.exporter):
        ended(home.exporter, hold)
        assert status(home.nas, ONEDRIVE) == "syncing"

    def caught_up():
        written = audit(home.exporter, limit=1)[0]
        assert written["id"] > newest and (written["action"], written["source"]) == ("resume", "release")

    eventually(caught_up)


def test_what_the_disk_missed_of_an_action_is_written_later(home):
    """The action is under way when the disk goes: its end is written when the disk is back."""
    home.nas.fault({"latency": 1}, CLOUD_SYNC, "set_connection_setting")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(home.admin.patch, connection(DROPBOX, "/settings"), {"max_download_speed": 31})

        def told():
            assert len(sent(home.nas, "set_connection_setting")) == 1

        eventually(told)
        with without_audit(home.exporter):
            answer = expect(200, asked.result())

    def completed():
        written = record(home.exporter, answer["audit_id"])
        assert (written["outcome"], written.get("after")) == ("succeeded", answer["after"])

    eventually(completed)
