"""The audit: who did what to what, what was before and after, and how it went; written before anything is done."""

import datetime
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import (CAMERA, CLOUD_SYNC, DROPBOX, GOOGLE, ONEDRIVE, S3, Home, audit, connection, database, ended,
                          holds, kill, record, seconds, sent, shows, state_file, status, task)
from support.admin import OPS, administrated, by_hash, expect, nothing_changes, problem, start
from support.wait import eventually

ROBOT = "planted-Token-robot-1414213562"
QUICK = {"poll": {"timeout": "2s"}, "automation": {"verify_timeout": "3s"}}


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage, tokens={"robot": by_hash(ROBOT)}, **QUICK)


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


HOUR = {"for": "1h"}
NEW_TASK = {"local_path": "/media/audited", "cloud_path": "/audited"}
CONNECTION = {number: {"kind": "connection", "id": number, "name": name, "connection_id": number} for number, name in [
    (DROPBOX, "Dropbox"), (ONEDRIVE, "Microsoft OneDrive"), (GOOGLE, "Google Drive"), (S3, "Amazon S3")]}
NAS = {"kind": "nas", "name": "home"}
TASK = {"kind": "task", "id": DROPBOX, "name": "/documents", "connection_id": DROPBOX}
SWITCH = {"kind": "automation", "name": "automation"}
# Every kind of action: what is asked for, with which status it is answered; action, target and reason of its record.
KINDS = [
    ("POST", connection(ONEDRIVE, "/pause"), {"reason": "one", **HOUR}, 200, "pause", CONNECTION[ONEDRIVE], "one"),
    ("POST", connection(ONEDRIVE, "/resume"), {"reason": "two"}, 200, "resume", CONNECTION[ONEDRIVE], "two"),
    ("POST", connection(ONEDRIVE, "/resume"), {}, 200, "resume", CONNECTION[ONEDRIVE], None),
    ("POST", "/nas/home/pause", {"all": True, "reason": "three"}, 200, "pause", NAS, "three"),
    ("POST", "/nas/home/resume", {"all": True, "reason": "four"}, 200, "resume", NAS, "four"),
    ("POST", "/holds", {"nas": "home", "connection_id": DROPBOX, "reason": "five"}, 201, "pause", CONNECTION[DROPBOX],
     "five"),
    ("DELETE", "/holds/{hold}?reason=six", None, 200, "resume", CONNECTION[DROPBOX], "six"),
    ("PATCH", "/nas/home/config", {"log_count": 700}, 200, "set_global_config", NAS, None),
    ("PATCH", "/nas/home/config", {"sync_mode": True}, 200, "set_personal_config", NAS, None),
    ("PATCH", connection(DROPBOX, "/settings"), {"max_upload_speed": 8}, 200, "set_connection_setting",
     CONNECTION[DROPBOX], None),
    ("PUT", connection(DROPBOX, "/schedule"), {"enabled": True}, 200, "set_schedule_setting", CONNECTION[DROPBOX],
     None),
    ("PATCH", task(DROPBOX, "/settings"), {"no_delete": True}, 200, "set_session_setting",
     TASK, None),
    ("PATCH", task(DROPBOX, "/filters"), {"filtered_names": ["x"]}, 200, "set_selective_sync_config",
     TASK, None),
    ("POST", connection(S3, "/tasks"), NEW_TASK, 201, "create_session", CONNECTION[S3], None),
    ("DELETE", task(DROPBOX, "?confirm=%2Fdocuments&reason=seven"), None, 200, "unlink_session",
     TASK, "seven"),
    ("DELETE", connection(GOOGLE, "?confirm=Google+Drive&reason=eight"), None, 200, "unlink_connection",
     CONNECTION[GOOGLE], "eight"),
    ("POST", "/automation/freeze", {"reason": "nine"}, 200, "freeze", SWITCH, "nine"),
    ("POST", "/automation/unfreeze", {}, 200, "unfreeze", SWITCH, None),
]


def test_each_kind_of_action_is_recorded(stage):
    """One after the other: what one leaves, the next one needs."""
    home = Home(stage, tokens={"robot": by_hash(ROBOT)})
    hold = None
    for method, path, body, code, action, target, reason in KINDS:
        path = path.replace("{hold}", hold or "")
        asked_at = time.time()
        answer = expect(code, home.admin.with_token(ROBOT).ask(method, path, body))
        hold = answer.get("hold", {}).get("id")
        written = record(home.exporter, answer["audit_id"])
        told = (method, path, written)
        assert written["action"] == action, told
        assert (written["token"], written["source"]) == ("robot", "api"), told
        assert re.fullmatch(r"127\.0\.0\.1:\d+", written["peer"]), told
        assert written["route"] == f"{method} /api/v1{path.split('?')[0]}", told
        assert written.get("nas") == (None if target is SWITCH else "home"), told
        assert written["target"] == target, told
        assert written.get("reason") == reason, told
        assert written["outcome"] == "succeeded" and "error" not in written, told
        assert 0 <= written["duration_seconds"] <= time.time() - asked_at, told
        assert asked_at - 0.01 <= seconds(written["time"]) <= time.time(), told
        if target is SWITCH:
            frozen = action == "freeze"
            assert (written["before"], written["after"]) == ({"frozen": not frozen}, {"frozen": frozen}), told
        else:
            assert written["before"] == answer["before"], told
            # What is gone has no after.
            assert written.get("after") == answer["after"], told
    assert [one["id"] for one in audit(home.exporter)] == list(range(len(KINDS), 0, -1))


def test_what_was_only_looked_at_or_refused_beforehand_is_not_recorded(home):
    newest = audit(home.exporter, limit=1)
    with nothing_changes(home.nas):
        for path in ("/nas", "/nas/home/config", "/nas/home/connections", connection(DROPBOX), "/holds", "/audit"):
            expect(200, home.admin.get(path))
        problem(422, "invalid-body", home.admin.patch(connection(DROPBOX, "/settings"), {"part_size": -1}))
        problem(404, "unknown-connection", home.admin.post(connection(99, "/pause"), {"reason": "x"}))
        problem(409, "confirmation-mismatch", home.admin.delete(connection(DROPBOX), confirm="dropbox"))
        problem(409, "confirmation-mismatch", home.admin.delete(task(DROPBOX), confirm="/Office"))
        problem(404, "unknown-hold", home.admin.delete("/holds/h-0"))
        problem(401, "unauthorized", home.admin.with_token(None).post(connection(DROPBOX, "/pause"), {"reason": "x"}))
        expect(200, home.admin.post(connection(S3, "/tasks/validate"), NEW_TASK))
    assert audit(home.exporter, limit=1) == newest


def test_failures_are_recorded_as_what_they_are(home):
    path = connection(DROPBOX, "/settings")
    wish = {"max_upload_speed": 4_242}
    home.nas.fault({"code_with_errors": [120, {"name": "part_size", "reason": "type"}]}, CLOUD_SYNC,
                   "set_connection_setting")
    refused = problem(502, "nas-refused", home.admin.patch(path, wish))
    home.nas.heal()
    home.nas.fault("hang", CLOUD_SYNC, "set_connection_setting")
    silent = problem(504, "nas-silent", home.admin.patch(path, wish))
    home.nas.heal()
    first, second = record(home.exporter, refused["audit_id"]), record(home.exporter, silent["audit_id"])
    assert (first["outcome"], first["error"]["code"], first["error"]["method"], first["error"]["reason"]) == (
        "failed", 120, "set_connection_setting", "api")
    assert "part_size" in first["error"]["detail"]
    assert (second["outcome"], second["error"]["reason"]) == ("unknown", "timeout")
    assert "code" not in second["error"]
    # What is there afterwards is known all the same.
    assert first["before"] == first["after"] == second["before"] == second["after"]
    assert second["duration_seconds"] >= 2


def pages(admin, **query):
    """Every record, page by page."""
    found, before = [], {}
    while True:
        page = expect(200, admin.get("/audit", **query, **before))
        found += page["records"]
        if "next_before" not in page:
            return found
        before = {"before": page["next_before"]}


def test_pages_and_filters(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", tokens={"robot": by_hash(ROBOT)})
    config["nas"]["attic"] = dict(config["nas"]["home"])
    exporter = start(stage, config).polled().polled("attic")
    ops, robot = exporter.admin, exporter.admin.with_token(ROBOT)
    nas.fault({"code": 105}, CLOUD_SYNC, "pause", connection_id=CAMERA)
    for admin, name in [(ops, "home"), (robot, "attic"), (robot, "home")]:
        for number in (DROPBOX, ONEDRIVE):
            expect(200, admin.post(f"/nas/{name}/connections/{number}/pause", {"reason": "x"}))
            expect(200, admin.post(f"/nas/{name}/connections/{number}/resume", {}))
        problem(502, "nas-refused", admin.post(f"/nas/{name}/connections/{CAMERA}/pause", {"reason": "x"}))
        expect(200, admin.patch(f"/nas/{name}/config", {"log_count": 500}))
        expect(200, admin.post("/automation/freeze", {}))
    every = pages(ops)
    assert len(every) == 21
    assert [one["id"] for one in every] == list(range(21, 0, -1))

    for size in (1, 4, 7, 20, 21, 22, 500):
        assert pages(ops, limit=size) == every
    assert len(expect(200, ops.get("/audit", limit=4))["records"]) == 4
    assert expect(200, ops.get("/audit", before=4, limit=500))["records"] == every[-3:]

    def target(one):
        return one["target"].get("connection_id")

    middle = every[10]["time"]
    whole = int(seconds(middle))
    filters = {
        "nas": [("home", lambda one: one.get("nas") == "home"), ("attic", lambda one: one.get("nas") == "attic"),
                ("none", lambda one: False)],
        "connection": [(number, lambda one, number=number: target(one) == number) for number in (DROPBOX, CAMERA, 77)],
        "token": [(name, lambda one, name=name: one["token"] == name) for name in ("ops", "robot", "nobody")],
        "action": [(name, lambda one, name=name: one["action"] == name)
                   for name in ("pause", "resume", "set_global_config", "freeze")],
        "outcome": [(word, lambda one, word=word: one["outcome"] == word)
                    for word in ("succeeded", "failed", "unknown")],
        "from": [(whole, lambda one: seconds(one["time"]) >= whole), (whole + 3600, lambda one: False)],
        "to": [(whole + 1, lambda one: seconds(one["time"]) < whole + 1), (0, lambda one: False)],
    }
    kept = 0
    for name, values in filters.items():
        for value, passes in values:
            found = pages(ops, **{name: value, "limit": 5})
            assert found == [one for one in every if passes(one)], (name, value)
            kept += len(found)
            # And together with another.
            for other, (also, passes_also) in {other: pairs[0] for other, pairs in filters.items()}.items():
                if other == name:
                    continue
                found = pages(ops, **{name: value, other: also, "limit": 3})
                assert found == [one for one in every if passes(one) and passes_also(one)], (name, value, other, also)
    assert kept > 60
    stamp = datetime.datetime.fromtimestamp(whole, datetime.timezone.utc).isoformat()
    assert pages(ops, **{"from": stamp}) == pages(ops, **{"from": whole})
    assert problem(400, "invalid-parameter", ops.get("/audit", outcome="good"))["errors"][0]["parameter"] == "outcome"


def test_written_before_the_action_and_unknown_after_a_crash(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", **QUICK)
    # Long enough for the crash to come first.
    config["poll"]["timeout"] = "1m"
    exporter = start(stage, config).polled()
    nas.fault("hang", CLOUD_SYNC, "pause")
    with ThreadPoolExecutor() as pool:
        cut = pool.submit(exporter.admin.post, connection(ONEDRIVE, "/pause"), {"reason": "crash"})

        def begun():
            assert sent(nas, "pause")
            assert [(one["outcome"], one["action"]) for one in audit(exporter)] == [("pending", "pause")]

        eventually(begun)
        pending, = audit(exporter)
        assert pending["reason"] == "crash" and pending["before"] == {"status": "syncing"}
        assert "after" not in pending and "duration_seconds" not in pending
        kill(exporter)
        with pytest.raises(OSError):
            cut.result()
    nas.heal()
    assert status(nas, ONEDRIVE) == "syncing"
    exporter = start(stage, config)
    unknown = record(exporter, pending["id"])
    assert unknown["outcome"] == "unknown"
    assert "ended before the outcome was known" in unknown["error"]["detail"]
    assert {name: unknown[name] for name in pending if name != "outcome"} == {
        name: pending[name] for name in pending if name != "outcome"}
    assert audit(exporter, outcome="pending") == []
    # The hold is settled from what the NAS shows: not paused, so there is none. What was told may come yet, so it is
    # undone.
    hold, = holds(exporter)
    assert hold["phase"] == "pausing"
    ended(exporter, hold)
    assert status(nas, ONEDRIVE) == "syncing"
    assert sent(nas, "pause") == sent(nas, "resume") == [{"connection_id": ONEDRIVE}]


def test_a_crash_after_the_nas_did_it_keeps_the_hold(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", **QUICK)
    config["poll"]["timeout"] = "1m"
    exporter = start(stage, config).polled()
    # It does it, and the answer is long in coming.
    nas.fault({"latency": 50}, CLOUD_SYNC, "pause")
    with ThreadPoolExecutor() as pool:
        cut = pool.submit(exporter.admin.post, connection(ONEDRIVE, "/pause"), {"reason": "crash"})

        def told():
            assert len(sent(nas, "pause")) == 1

        eventually(told)
        kill(exporter)
        with pytest.raises(OSError):
            cut.result()
    nas.heal()
    # However late: what counts is what it shows.
    nas.call("pause", connection_id=ONEDRIVE)
    exporter = start(stage, config)

    def held():
        hold, = holds(exporter)
        assert (hold["phase"], hold["was_paused"]) == ("held", False)
        return hold

    hold = eventually(held)
    assert [one["outcome"] for one in audit(exporter, action="pause")] == ["unknown"]
    expect(200, exporter.admin.delete(f"/holds/{hold['id']}"))
    shows(nas, ONEDRIVE, "running")


def rows(exporter):
    with database(state_file(exporter)) as opened:
        return dict(opened.execute("SELECT id, size FROM audit ORDER BY id"))


def test_retention_by_age_and_size(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", admin={"audit_max_bytes": 65_536, "audit_max_age": "1h"})
    exporter = start(stage, config).polled()
    for speed in range(10):
        expect(200, exporter.admin.patch(connection(DROPBOX, "/settings"), {"max_upload_speed": speed + 1}))
    before = rows(exporter)
    assert sum(before.values()) < 65_536
    with database(state_file(exporter)) as opened:
        opened.execute("UPDATE audit SET time = time - 3600000 - 60000 WHERE id <= 4")
    exporter.stop()
    exporter = start(stage, config)

    def aged():
        assert list(rows(exporter)) == [5, 6, 7, 8, 9, 10]

    eventually(aged)
    names = ["a long name " * 80, "another long name " * 60]
    for turn in range(16):
        body = {"filtered_paths": [f"/{name}{turn}" for name in names]}
        expect(200, exporter.admin.patch(task(DROPBOX, "/filters"), body))
    assert sum(rows(exporter).values()) > 65_536
    sizes = rows(exporter)
    newest = list(sizes)[-1]
    exporter.stop()
    exporter = start(stage, config)

    def fits():
        assert sum(rows(exporter).values()) <= 65_536

    eventually(fits)
    left = list(rows(exporter))
    # The oldest went, no more than had to, and numbers are not given again.
    assert left == list(range(left[0], newest + 1)) and left[0] > 5
    assert sum(size for number, size in sizes.items() if number >= left[0] - 1) > 65_536
    expect(200, exporter.admin.post("/automation/freeze", {}))
    assert audit(exporter, limit=1)[0]["id"] == newest + 1


def test_no_secret_is_in_audit_or_answers(home):
    """Not those of the clouds, nor the tokens, nor the NAS's password."""
    expect(201, home.admin.post(connection(S3, "/tasks"), {"local_path": "/media/secrets", "cloud_path": "/secrets"}))
    secret = home.nas.call("get_conn_auth_info", connection_id=S3)["secret_key"]
    with database(state_file(home.exporter)) as opened:
        text = "".join(str(row) for row in opened.execute("SELECT * FROM audit"))
    assert "create_session" in text
    for planted in (secret, OPS, ROBOT, "planted-"):
        assert planted not in text
        assert planted not in home.exporter.process.output()
