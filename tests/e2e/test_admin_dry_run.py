"""dry_run on every route that changes something: it says what would be sent, sends nothing, leaves no trace; and what
it says is what is then sent."""

import pytest

from support.acts import (CAMERA, DROPBOX, GOOGLE, ONEDRIVE, S3, Home, audit, connection, holds, pause, sent, task)
from support.admin import changes, expect, nothing_changes, problem

# By the name of each route: the call, and the status of its real run.
CALLS = {
    "change_config": ("PATCH", "/nas/home/config", {"log_count": 900, "sync_mode": True}, 200),
    "pause_all": ("POST", "/nas/home/pause", {"all": True, "reason": "x"}, 200),
    "resume_all": ("POST", "/nas/home/resume", {"all": True}, 200),
    "pause": ("POST", connection(ONEDRIVE, "/pause"), {"reason": "x", "for": "1h"}, 200),
    "resume": ("POST", connection(ONEDRIVE, "/resume"), {}, 200),
    "create_hold": ("POST", "/holds", {"nas": "home", "connection_id": ONEDRIVE, "reason": "x", "latch": True}, 201),
    "release_hold": ("DELETE", "/holds/{hold}", None, 200),
    "change_settings": ("PATCH", connection(DROPBOX, "/settings"), {"part_size": 32}, 200),
    "set_schedule": ("PUT", connection(DROPBOX, "/schedule"), {"enabled": True, "schedule": "10" * 84}, 200),
    "change_task_settings": ("PATCH", task(DROPBOX, "/settings"), {"sync_direction": "ONLY_UPLOAD"}, 200),
    "change_task_filters": ("PATCH", task(DROPBOX, "/filters"), {"filtered_extensions": ["iso"]}, 200),
    "create_task": ("POST", connection(S3, "/tasks"), {"local_path": "/media/dry", "cloud_path": "/dry"}, 201),
    "remove_task": ("DELETE", task(CAMERA, "?confirm=%2Fphotos%2Fcamera"), None, 200),
    "remove_connection": ("DELETE", connection(GOOGLE, "?confirm=Google+Drive"), None, 200),
    "freeze": ("POST", "/automation/freeze", {}, 200),
    "unfreeze": ("POST", "/automation/unfreeze", {}, 200),
}


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage)


@pytest.fixture
def home(shared):
    yield shared
    shared.settle()


def test_every_route_that_changes_something_is_tried(home):
    paths = expect(200, home.admin.get("/openapi.json"))["paths"]
    operations = [operation for path in paths.values() for operation in path.values() if isinstance(operation, dict)]
    dry = {operation["operationId"] for operation in operations
           if any(parameter.get("name") == "dry_run" for parameter in operation.get("parameters", []))}
    keyed = {operation["operationId"] for operation in operations
             if any("idempotency" in str(parameter).lower() for parameter in operation.get("parameters", []))}
    assert dry == keyed == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_says_what_is_then_sent(home, name):
    method, path, body, code = CALLS[name]
    if name in ("release_hold", "resume", "resume_all"):
        path = path.replace("{hold}", pause(home.exporter, ONEDRIVE)["id"])
    world, newest, held = home.nas.ask("GET", "/world"), audit(home.exporter, limit=1), holds(home.exporter)
    frozen = expect(200, home.admin.get("/automation/decisions"))["frozen"]
    with nothing_changes(home.nas):
        # A key is for what is done: it is not used up.
        planned = expect(200, home.admin.ask(method, path, body, key=name, dry_run=True)
                         if "?" not in path else home.admin.ask(method, path + "&dry_run=true", body, key=name))
        assert not any(sent(home.nas, word) for word in ("test_task_setting", "create_session"))
    assert planned["dry_run"] is True and "audit_id" not in planned
    assert home.nas.ask("GET", "/world") == world
    assert audit(home.exporter, limit=1) == newest and holds(home.exporter) == held
    assert expect(200, home.admin.get("/automation/decisions"))["frozen"] is frozen

    before = changes(home.nas)
    done = expect(code, home.admin.ask(method, path, body, key=name))
    told = changes(home.nas)[len(before):]
    if name in ("freeze", "unfreeze"):
        assert planned["requests"] == told == []
        assert planned["after"] == {"frozen": done["frozen"]} and planned["before"] == {"frozen": frozen}
        return
    assert planned["before"] == done["before"]
    assert {(one["api"], one["version"]) for one in planned["requests"]} == {("SYNO.CloudSync", 1)}
    if name == "create_task":
        # Tried first, which changes nothing; the parameters are secret.
        assert [one["method"] for one in planned["requests"]] == ["test_task_setting", "create_session"]
        assert len(sent(home.nas, "test_task_setting")) == len(sent(home.nas, "create_session")) == 1
        return
    assert [one["method"] for one in planned["requests"]] == [word for word, _ in told]
    for one in planned["requests"]:
        assert one["params"] == sent(home.nas, one["method"])[-1]
    if name in ("resume", "resume_all", "release_hold"):
        # What it will be called is the NAS's to say.
        assert planned["ended_holds"] == done["ended_holds"]
    elif name not in ("remove_task", "remove_connection"):
        assert planned["after"] == done["after"]


def test_what_would_be_refused_is_refused_dry_as_well(home):
    with nothing_changes(home.nas):
        for method, path, body, code, name in [
            ("PATCH", connection(DROPBOX, "/settings"), {"part_size": "x"}, 422, "invalid-body"),
            ("PATCH", "/nas/home/config", {"repo_vol_path": "/volume9"}, 422, "invalid-body"),
            ("POST", connection(99, "/pause"), {"reason": "x"}, 404, "unknown-connection"),
            ("DELETE", connection(DROPBOX), None, 400, "invalid-parameter"),
            ("DELETE", "/holds/h-1", None, 404, "unknown-hold"),
            ("POST", connection(DROPBOX, "/tasks"), {"local_path": "/media/x", "cloud_path": "/x"}, 409, "not-s3"),
        ]:
            problem(code, name, home.admin.ask(method, path, body, dry_run=True))
