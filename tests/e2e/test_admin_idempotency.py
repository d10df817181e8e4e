"""Idempotency-Key: what is asked for twice is done once and answered twice, over restarts and crashes."""

import contextlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import (CAMERA, CLOUD_SYNC, DROPBOX, GOOGLE, ONEDRIVE, WEBDAV, Home, audit, connection, database,
                          holds, kill, record, sent, shows, state_file, status, world_of)
from support.admin import OPS, administrated, by_hash, changes, expect, header, nothing_changes, problem, start
from support.wait import eventually

ROBOT = "planted-Token-robot-1414213562"
WISH = {"reason": "once"}


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage, tokens={"robot": by_hash(ROBOT)}, poll={"timeout": "2s"},
                automation={"verify_timeout": "3s"})


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


def same(first, again):
    """The second answer is the first one's, and says so."""
    assert (again.status, again.json()) == (first.status, first.json())
    assert header(again, "Content-Type") == header(first, "Content-Type")
    assert (header(first, "Idempotency-Replayed"), header(again, "Idempotency-Replayed")) == (None, "true")


def test_is_done_once_and_answered_twice(home):
    calls = [
        ("POST", connection(ONEDRIVE, "/pause"), WISH, 200),
        ("POST", "/holds", {"nas": "home", "connection_id": DROPBOX, "reason": "once"}, 201),
        ("PATCH", connection(CAMERA, "/settings"), {"max_upload_speed": 3}, 200),
        ("POST", connection(ONEDRIVE, "/resume"), {}, 200),
        ("POST", "/automation/freeze", {}, 200),
        ("POST", "/automation/unfreeze", {}, 200),
    ]
    for number, (method, path, body, code) in enumerate(calls):
        key = f"twice-{number}"
        first = home.admin.ask(method, path, body, key=key)
        expect(code, first)
        written = len(audit(home.exporter, limit=500))
        with nothing_changes(home.nas):
            for _ in range(2):
                same(first, home.admin.ask(method, path, body, key=key))
        assert len(audit(home.exporter, limit=500)) == written
    # Without a key it is done again.
    before = len(changes(home.nas))
    expect(200, home.admin.post(connection(ONEDRIVE, "/pause"), WISH))
    expect(200, home.admin.post(connection(ONEDRIVE, "/pause"), WISH))
    assert len(changes(home.nas)) == before + 2


def test_what_came_to_be_is_not_undone_by_a_repeat(home):
    """The answer is that of then, whatever has happened since."""
    path = connection(WEBDAV, "/settings")
    first = home.admin.patch(path, {"max_upload_speed": 5}, key="then")
    expect(200, home.admin.patch(path, {"max_upload_speed": 6}))
    same(first, home.admin.patch(path, {"max_upload_speed": 5}, key="then"))
    assert world_of(home.nas, WEBDAV)["settings"]["max_upload_speed"] == 6


def test_a_failure_that_may_have_done_something_is_an_answer_too(home):
    home.nas.fault({"code": 105}, CLOUD_SYNC, "set_connection_setting")
    path, body = connection(DROPBOX, "/settings"), {"max_upload_speed": 7}
    first = home.admin.patch(path, body, key="refused")
    problem(502, "nas-refused", first)
    home.nas.heal()
    with nothing_changes(home.nas):
        same(first, home.admin.patch(path, body, key="refused"))
    home.nas.change(ignores_pause=True)
    first = home.admin.post(connection(DROPBOX, "/pause"), WISH, key="unseen")
    expect(202, first)
    home.nas.change(ignores_pause=False)
    with nothing_changes(home.nas):
        same(first, home.admin.post(connection(DROPBOX, "/pause"), WISH, key="unseen"))


def test_another_request_with_the_key_is_refused(home):
    path = connection(DROPBOX, "/settings")
    expect(200, home.admin.patch(path, {"max_upload_speed": 8}, key="taken"))
    with nothing_changes(home.nas):
        for method, other, body in [
            ("PATCH", path, {"max_upload_speed": 9}),
            ("PATCH", connection(ONEDRIVE, "/settings"), {"max_upload_speed": 8}),
            ("POST", connection(DROPBOX, "/pause"), WISH),
            ("DELETE", connection(DROPBOX, "?confirm=Dropbox"), None),
            ("POST", "/automation/freeze", {}),
        ]:
            problem(422, "idempotency-mismatch", home.admin.ask(method, other, body, key="taken"))
    assert expect(200, home.admin.get("/automation/decisions"))["frozen"] is False
    # What only looks takes no key.
    expect(200, home.admin.get(path, key="taken"))


def test_while_the_first_runs_the_others_wait_for_it(home):
    home.nas.fault({"latency": 1}, CLOUD_SYNC, "pause")
    path = connection(ONEDRIVE, "/pause")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(home.admin.post, path, WISH, key="running")

        def told():
            assert len(sent(home.nas, "pause")) == 1

        eventually(told)
        problem(409, "idempotency-in-progress", home.admin.post(path, WISH, key="running"))
        problem(422, "idempotency-mismatch", home.admin.post(path, {"reason": "other"}, key="running"))
        expect(200, first.result())
    same(first.result(), home.admin.post(path, WISH, key="running"))
    assert len(sent(home.nas, "pause")) == 1 and len(holds(home.exporter)) == 1


def test_twenty_at_once_are_one(home):
    path = connection(CAMERA, "/pause")
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(home.admin.post, path, WISH, key="crowd") for _ in range(20)]
        replies = [one.result() for one in asked]
    done = [reply for reply in replies if reply.status == 200]
    assert len({reply.body for reply in done}) == 1
    assert sum(header(reply, "Idempotency-Replayed") is None for reply in done) == 1
    for reply in replies:
        if reply.status != 200:
            problem(409, "idempotency-in-progress", reply)
    assert len(sent(home.nas, "pause")) == 1 and len(holds(home.exporter)) == 1


def test_each_token_has_its_own_keys(home):
    path, robot = connection(DROPBOX, "/settings"), home.admin.with_token(ROBOT)
    mine = expect(200, home.admin.patch(path, {"max_upload_speed": 10}, key="shared"))
    theirs = expect(200, robot.patch(path, {"max_upload_speed": 11}, key="shared"))
    assert mine["audit_id"] != theirs["audit_id"]
    assert world_of(home.nas, DROPBOX)["settings"]["max_upload_speed"] == 11
    assert expect(200, home.admin.patch(path, {"max_upload_speed": 10}, key="shared")) == mine
    assert expect(200, robot.patch(path, {"max_upload_speed": 11}, key="shared")) == theirs


def test_what_was_refused_before_anything_was_done_leaves_the_key_free(home):
    path = connection(DROPBOX, "/settings")
    for code, name, method, refused, body in [
        (422, "invalid-body", "PATCH", path, {"part_size": -1}),
        (404, "unknown-connection", "POST", connection(77, "/pause"), WISH),
        (404, "unknown-nas", "POST", "/nas/attic/pause", {"all": True, "reason": "x"}),
        (409, "confirmation-mismatch", "DELETE", connection(DROPBOX, "?confirm=dropbox"), None),
        (404, "unknown-hold", "DELETE", "/holds/h-1", None),
        (422, "invalid-body", "PATCH", "/nas/home/config", {"repo_vol_path": "/volume9"}),
    ]:
        problem(code, name, home.admin.ask(method, refused, body, key="corrected"))
    # Nor does a NAS that cannot even be asked use it up.
    home.nas.fault({"status": [502, "<html>"]})
    problem(502, "nas-answer", home.admin.patch(path, {"max_upload_speed": 12}, key="corrected"))
    home.nas.heal()
    answer = home.admin.patch(path, {"max_upload_speed": 12}, key="corrected")
    expect(200, answer)
    same(answer, home.admin.patch(path, {"max_upload_speed": 12}, key="corrected"))


def test_quoted_and_bare_are_the_same_key(home):
    path, body = connection(DROPBOX, "/settings"), {"max_upload_speed": 13}
    first = home.admin.patch(path, body, key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
    expect(200, first)
    same(first, home.admin.patch(path, body, key="8e03978e-40d5-43dd-bc93-6894a57f9324"))
    longest = "k" * 255
    expect(200, home.admin.patch(path, body, key=longest))
    with nothing_changes(home.nas):
        for bad in ("", '""', '"open', 'open"', "two words", "k" * 256, 'in"side', "back\\slash"):
            problem(400, "idempotency-key-invalid", home.admin.patch(path, body, key=bad))


def test_a_client_that_goes_away_does_not_stop_what_it_began(home):
    home.nas.fault({"latency": 1}, CLOUD_SYNC, "pause")
    body = json.dumps(WISH).encode()
    host, port = home.exporter.admin_url.removeprefix("http://").split(":")
    head = (f"POST /api/v1{connection(ONEDRIVE, '/pause')} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Authorization: Bearer {OPS}\r\nContent-Type: application/json\r\nIdempotency-Key: gone\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    with contextlib.closing(socket.create_connection((host, int(port)))) as client:
        client.sendall(head + body)

        def told():
            assert len(sent(home.nas, "pause")) == 1

        eventually(told)

    def recorded():
        newest = audit(home.exporter, limit=1)[0]
        assert (newest["action"], newest["reason"], newest["outcome"]) == ("pause", "once", "succeeded")
        return newest

    newest = eventually(recorded)
    assert status(home.nas, ONEDRIVE) == "pause"

    def kept():
        again = home.admin.post(connection(ONEDRIVE, "/pause"), WISH, key="gone")
        assert header(again, "Idempotency-Replayed") == "true"
        return expect(200, again)

    assert eventually(kept)["audit_id"] == newest["id"]
    assert len(sent(home.nas, "pause")) == 1
    assert [hold["phase"] for hold in holds(home.exporter)] == ["held"]


def test_answers_outlive_a_restart_and_are_forgotten_after_a_day(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin")
    exporter = start(stage, config).polled()
    path, body = connection(GOOGLE, "/pause"), WISH
    first, other = exporter.admin.post(path, body, key="kept"), exporter.admin.post(path, body, key="old")
    expect(200, first)
    expect(200, other)
    for end in (type(exporter).stop, kill):
        end(exporter)
        exporter = start(stage, config)
        with nothing_changes(nas):
            same(first, exporter.admin.post(path, body, key="kept"))
            problem(422, "idempotency-mismatch", exporter.admin.post(path, {"reason": "other"}, key="kept"))
    exporter.stop()
    hour = 60 * 60 * 1_000
    with database(state_file(exporter)) as opened:
        opened.execute("UPDATE idempotency SET started = started - ? WHERE key = 'old'", [24 * hour + 60_000])
        opened.execute("UPDATE idempotency SET started = started - ? WHERE key = 'kept'", [23 * hour])
    exporter = start(stage, config).polled()

    def forgotten():
        again = exporter.admin.post(path, body, key="old")
        assert header(again, "Idempotency-Replayed") is None
        return expect(200, again)

    assert eventually(forgotten)["audit_id"] != other.json()["audit_id"]
    same(first, exporter.admin.post(path, body, key="kept"))


def test_what_a_crash_interrupted_is_not_done_again(stage):
    nas = stage.simulator()
    config = administrated(nas.url, stage.directory / "admin", poll={"timeout": "1m"},
                           automation={"verify_timeout": "3s"})
    exporter = start(stage, config).polled()
    nas.fault("hang", CLOUD_SYNC, "pause")
    # Asked for while the first has its turn: it has not come to a record.
    calls = {"told": (connection(ONEDRIVE, "/pause"), WISH), "waiting": (connection(DROPBOX, "/pause"), WISH)}
    with ThreadPoolExecutor() as pool:
        cut = [pool.submit(exporter.admin.post, *calls["told"], key="told")]

        def told():
            assert len(sent(nas, "pause")) == 1

        eventually(told)
        cut.append(pool.submit(exporter.admin.post, *calls["waiting"], key="waiting"))

        def known():
            with database(state_file(exporter)) as opened:
                assert opened.execute("SELECT 1 FROM idempotency WHERE key = 'waiting'").fetchall()

        eventually(known)
        problem(409, "idempotency-in-progress", exporter.admin.post(*calls["waiting"], key="waiting"))
        kill(exporter)
        for one in cut:
            with pytest.raises(OSError):
                one.result()
    nas.heal()
    exporter = start(stage, config).polled()
    with nothing_changes(nas):
        interrupted = problem(409, "idempotency-interrupted", exporter.admin.post(*calls["told"], key="told"))
        unknown = record(exporter, interrupted["audit_id"])
        assert (unknown["action"], unknown["outcome"], unknown["reason"]) == ("pause", "unknown", "once")
        nowhere = problem(409, "idempotency-interrupted", exporter.admin.post(*calls["waiting"], key="waiting"))
        assert "audit_id" not in nowhere
        problem(422, "idempotency-mismatch", exporter.admin.post(calls["told"][0], {"reason": "other"}, key="told"))
    # A new key is a new wish.
    expect(200, exporter.admin.post(*calls["told"], key="told-again"))
    shows(nas, ONEDRIVE, "pause")
