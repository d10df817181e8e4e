"""Setters that merge: a change is read, merged, written and read back, and touches nothing that it does not name."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.acts import (CLOUD_SYNC, DROPBOX, ONEDRIVE, S3, Home, audit, connection, record, sent, task, task_of,
                          world_of)
from support.admin import changes, expect, nothing_changes, problem
from support.wait import eventually

NIGHTS = ["111111000000000000000011"] * 7
HOURS = ["0" * 24, *["1" * 24] * 5, "01" * 12]


@pytest.fixture(scope="module")
def shared(shared_stage):
    return Home(shared_stage)


@pytest.fixture
def home(shared):
    yield shared
    shared.nas.heal()


def everything(nas):
    """All settings of the NAS, by where they are: config, (settings, 4), (filters, 4) …"""
    world = nas.ask("GET", "/world")
    found = {"config": world["config"]}
    for one in world["connections"]:
        found["settings", one["id"]] = one["settings"]
        for each in one["tasks"]:
            found["session", each["sess_id"]] = each["settings"]
            found["filters", each["sess_id"]] = each["filters"]
    return found


def changed(before, after):
    """What differs: {(where, field): value}."""
    return {(where, name): value for where, fields in after.items() for name, value in fields.items()
            if before[where][name] != value}


CONFIG, SETTINGS, SESSION, FILTERS = ("/nas/home/config", connection(S3, "/settings"), task(S3, "/settings"),
                                      task(S3, "/filters"))
# Each field of each setter: where the request goes, the field, another value than the demo has.
FIELDS = [
    (CONFIG, "config", "log_count", 12_345),
    (CONFIG, "config", "worker_count", 20),
    (CONFIG, "config", "admin_mode", "disable"),
    (CONFIG, "config", "admin_mode", "enable"),
    (CONFIG, "config", "repo_vol_path", "/volume2"),
    (CONFIG, "config", "sync_mode", True),
    (SETTINGS, ("settings", S3), "max_upload_speed", 512),
    (SETTINGS, ("settings", S3), "max_download_speed", 1 << 53),
    (SETTINGS, ("settings", S3), "pull_event_period", 3600),
    (SETTINGS, ("settings", S3), "part_size", 64),
    (SETTINGS, ("settings", S3), "storage_class", ""),
    (SETTINGS, ("settings", S3), "isSSE", False),
    (SETTINGS, ("settings", S3), "task_name", 'Archive "two" ☂ & 007'),
    (SETTINGS, ("settings", S3), "task_name", "007"),
    (SESSION, ("session", S3), "sync_direction", "ONLY_DOWNLOAD"),
    (SESSION, ("session", S3), "sync_attr_check_option", False),
    (SESSION, ("session", S3), "no_delete", False),
    (SESSION, ("session", S3), "google_drive_convert_online_doc", True),
    (FILTERS, ("filters", S3), "filtered_paths", ["/images", '/a "b", c', "/ü"]),
    (FILTERS, ("filters", S3), "filtered_max_upload_size", 1 << 40),
    (FILTERS, ("filters", S3), "user_defined_names", ["Thumbs.db"]),
    (FILTERS, ("filters", S3), "user_defined_extensions", ["tmp", "part"]),
]


@pytest.mark.parametrize(("path", "where", "field", "value"), FIELDS, ids=lambda value: str(value)[:40])
def test_a_change_touches_one_field(home, path, where, field, value):
    before = everything(home.nas)
    assert before[where][field] != value
    answer = expect(200, home.admin.patch(path, {field: value}))
    assert changed(before, everything(home.nas)) == {(where, field): value}
    assert answer["verified"] is True and "not_as_wanted" not in answer
    assert answer["before"][field] == before[where][field]
    # Sizes of volumes are numbers in the API and texts on the NAS; they are no settings.
    plain = {name: shown for name, shown in answer["before"].items() if name != "volume_list"}
    assert answer["after"] == {**answer["before"], field: value}
    assert plain.items() <= before[where].items()
    written = record(home.exporter, answer["audit_id"])
    assert (written["outcome"], written["before"], written["after"]) == ("succeeded", answer["before"], answer["after"])


def test_one_limit_leaves_what_a_careless_client_resets(home):
    kept = {"part_size": 64, "storage_class": "GLACIER", "pull_event_period": 900, "task_name": "Kept as it is",
            "isSSE": True, "max_download_speed": 77}
    expect(200, home.admin.patch(SETTINGS, kept))
    expect(200, home.admin.patch(SETTINGS, {"max_upload_speed": 1024}))
    now = world_of(home.nas, S3)["settings"]
    assert {name: now[name] for name in kept} == kept
    assert (now["max_upload_speed"], now["is_enabled_schedule"], now["schedule_info"]) == (1024, True, "".join(NIGHTS))
    assert sent(home.nas, "set_connection_setting")[-1] == {"connection_id": S3, "max_upload_speed": 1024, **kept}


# Twenty changes of different fields; several setters, several of each.
TWENTY = [
    ("PATCH", connection(ONEDRIVE, "/settings"), {"max_upload_speed": 1}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"max_download_speed": 2}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"pull_event_period": 3}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"part_size": 4}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"storage_class": "FIVE"}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"isSSE": True}),
    ("PATCH", connection(ONEDRIVE, "/settings"), {"task_name": "seven"}),
    ("PUT", connection(ONEDRIVE, "/schedule"), {"enabled": True, "schedule": HOURS}),
    ("PATCH", task(ONEDRIVE, "/settings"), {"sync_direction": "ONLY_UPLOAD"}),
    ("PATCH", task(ONEDRIVE, "/settings"), {"sync_attr_check_option": False}),
    ("PATCH", task(ONEDRIVE, "/settings"), {"no_delete": True}),
    ("PATCH", task(ONEDRIVE, "/settings"), {"google_drive_convert_online_doc": True}),
    ("PATCH", task(ONEDRIVE, "/filters"), {"filtered_paths": ["/thirteen"]}),
    ("PATCH", task(ONEDRIVE, "/filters"), {"filtered_names": ["fourteen"]}),
    ("PATCH", task(ONEDRIVE, "/filters"), {"filtered_extensions": ["fifteen"]}),
    ("PATCH", task(ONEDRIVE, "/filters"), {"filtered_max_upload_size": 16}),
    ("PATCH", "/nas/home/config", {"log_count": 17_000}),
    ("PATCH", "/nas/home/config", {"worker_count": 18}),
    ("PATCH", "/nas/home/config", {"repo_vol_path": "/volume1"}),
    ("PATCH", "/nas/home/config", {"sync_mode": False}),
]


def at_once(home, wishes):
    with ThreadPoolExecutor(len(wishes)) as pool:
        asked = [pool.submit(home.admin.ask, *wish) for wish in wishes]
        return [expect(200, one.result()) for one in asked]


def test_two_at_once_lose_nothing(home):
    # Both have read before either writes, unless they take turns.
    home.nas.fault({"latency": 0.3}, CLOUD_SYNC, "get_connection_setting", connection_id=DROPBOX)
    path = connection(DROPBOX, "/settings")
    answers = at_once(home, [("PATCH", path, {"max_upload_speed": 11}), ("PATCH", path, {"max_download_speed": 22})])
    home.nas.heal()
    now = world_of(home.nas, DROPBOX)["settings"]
    assert (now["max_upload_speed"], now["max_download_speed"]) == (11, 22)
    assert all(answer["verified"] for answer in answers)
    # The one's end is the other's beginning.
    first, second = sorted(answers, key=lambda answer: answer["audit_id"])
    assert first["after"] == second["before"]


def test_twenty_at_once_lose_nothing(home):
    at_once(home, TWENTY)
    now = world_of(home.nas, ONEDRIVE)["settings"]
    assert {name: now[name] for name in ("max_upload_speed", "max_download_speed", "pull_event_period", "part_size",
                                         "storage_class", "isSSE", "task_name", "is_enabled_schedule")} == {
        "max_upload_speed": 1, "max_download_speed": 2, "pull_event_period": 3, "part_size": 4, "storage_class": "FIVE",
        "isSSE": True, "task_name": "seven", "is_enabled_schedule": True}
    assert now["schedule_info"] == "".join(HOURS)
    one = task_of(home.nas, ONEDRIVE)
    assert one["settings"] | {"sync_direction": "ONLY_UPLOAD", "sync_attr_check_option": False, "no_delete": True,
                              "google_drive_convert_online_doc": True} == one["settings"]
    assert one["filters"] == {"filtered_paths": ["/thirteen"], "filtered_names": ["fourteen"],
                              "filtered_extensions": ["fifteen"], "filtered_max_upload_size": 16,
                              "user_defined_names": ["fourteen"], "user_defined_extensions": ["fifteen"]}
    config = home.nas.ask("GET", "/world")["config"]
    assert (config["log_count"], config["worker_count"], config["repo_vol_path"], config["sync_mode"]) == (
        17_000, 18, "/volume1", False)
    assert [one["outcome"] for one in audit(home.exporter, limit=len(TWENTY))] == ["succeeded"] * len(TWENTY)


def test_the_package_is_told_by_two_setters_only_when_both_are_meant(home):
    for body, methods in [
        ({"log_count": 300, "sync_mode": True}, ["set_global_config", "set_personal_config"]),
        ({"log_count": 400}, ["set_global_config"]),
        ({"sync_mode": False}, ["set_personal_config"]),
    ]:
        before = changes(home.nas)
        expect(200, home.admin.patch("/nas/home/config", body))
        assert [method for method, _ in changes(home.nas)[len(before):]] == methods
        config = home.nas.ask("GET", "/world")["config"]
        assert body.items() <= config.items()


def test_half_of_a_change_says_which_half(home):
    home.nas.fault({"code": 401}, CLOUD_SYNC, "set_personal_config")
    before = home.nas.ask("GET", "/world")["config"]
    reply = home.admin.patch("/nas/home/config", {"worker_count": 7, "sync_mode": True})
    home.nas.heal()
    body = problem(502, "nas-refused", reply)
    assert (body["nas_code"], body["nas_method"]) == (401, "set_personal_config")
    assert before["worker_count"] != 7 and before["sync_mode"] is False
    assert (body["after"]["worker_count"], body["after"]["sync_mode"]) == (7, False)
    written = record(home.exporter, body["audit_id"])
    assert (written["outcome"], written["error"]["code"]) == ("failed", 401)
    assert (written["before"], written["after"]) == (body["before"], body["after"])


@pytest.mark.parametrize(("body", "user_defined"), [
    ({"filtered_names": ["a", "b"], "filtered_extensions": ["c"]}, (["a", "b"], ["c"])),
    ({"filtered_names": ["d"], "user_defined_names": []}, ([], ["c"])),
    ({"filtered_extensions": ["e", "f"], "user_defined_extensions": ["f"]}, ([], ["f"])),
    ({"filtered_names": []}, ([], ["f"])),
])
def test_names_and_extensions_are_also_the_persons_own_unless_said(home, body, user_defined):
    expect(200, home.admin.patch(task(DROPBOX, "/filters"), body))
    filters = task_of(home.nas, DROPBOX)["filters"]
    assert body.items() <= filters.items()
    assert (filters["user_defined_names"], filters["user_defined_extensions"]) == user_defined


def test_a_schedule_keeps_its_hours_unless_said(home):
    path = connection(S3, "/schedule")
    other = world_of(home.nas, S3)["settings"]
    for body, enabled, hours in [
        ({"enabled": False}, False, NIGHTS),
        ({"enabled": True, "schedule": HOURS}, True, HOURS),
        ({"enabled": False, "schedule": "01" * 84}, False, ["01" * 12] * 7),
        ({"enabled": True}, True, ["01" * 12] * 7),
    ]:
        answer = expect(200, home.admin.put(path, body))
        now = world_of(home.nas, S3)["settings"]
        assert now == {**other, "is_enabled_schedule": enabled, "schedule_info": "".join(hours)}
        assert answer["after"] == {"enabled": enabled, "schedule": hours}
        assert expect(200, home.admin.get(path)) == answer["after"]


def test_a_schedule_that_was_never_set_needs_its_hours(home):
    path = connection(DROPBOX, "/schedule")
    never = {**world_of(home.nas, DROPBOX)["settings"], "schedule_info": ""}
    home.nas.fault({"raw_data": never}, CLOUD_SYNC, "get_connection_setting", connection_id=DROPBOX)
    with nothing_changes(home.nas):
        body = problem(422, "invalid-body", home.admin.put(path, {"enabled": True}))
    assert [error["pointer"] for error in body["errors"]] == ["/schedule"]
    home.nas.heal()
    expect(200, home.admin.put(path, {"enabled": True, "schedule": HOURS}))


def test_what_the_nas_does_not_show_afterwards_is_said(home):
    """It answers success and goes on showing what was before."""
    shown = {**world_of(home.nas, DROPBOX)["settings"], "max_upload_speed": 1, "part_size": 2}
    home.nas.fault({"raw_data": shown}, CLOUD_SYNC, "get_connection_setting", connection_id=DROPBOX)
    failures = failed(home, "set_connection_setting")
    wanted = {"max_upload_speed": 512, "part_size": 2, "max_download_speed": shown["max_download_speed"]}
    answer = expect(202, home.admin.patch(connection(DROPBOX, "/settings"), wanted))
    home.nas.heal()
    assert answer["verified"] is False
    assert answer["not_as_wanted"] == ["max_upload_speed"]
    assert answer["after"]["max_upload_speed"] == 1
    assert record(home.exporter, answer["audit_id"])["outcome"] == "unverified"

    def counted():
        assert failed(home, "set_connection_setting") == failures + 1

    eventually(counted)


def failed(home, action):
    return home.exporter.metrics().value("cloudsync_action_failures_total", nas="home", action=action, source="api")


def without(document, name):
    return {key: value for key, value in document.items() if key != name}


INCOMPLETE = [
    ("PATCH", connection(DROPBOX, "/settings"), {"max_upload_speed": 9}, "get_connection_setting", "part_size"),
    ("PATCH", connection(DROPBOX, "/settings"), {"part_size": 9}, "get_connection_setting", "task_name"),
    ("PUT", connection(DROPBOX, "/schedule"), {"enabled": True}, "get_connection_setting", "schedule_info"),
    ("PATCH", task(DROPBOX, "/settings"), {"no_delete": True}, "get_session_setting", "sync_direction"),
    ("PATCH", task(DROPBOX, "/filters"), {"filtered_names": []}, "get_selective_sync_config", "filtered_paths"),
    ("PATCH", "/nas/home/config", {"log_count": 9}, "get_config", "worker_count"),
    ("PATCH", "/nas/home/config", {"log_count": 9, "sync_mode": True}, "get_config", "repo_vol_path"),
]


@pytest.mark.parametrize(("method", "path", "body", "getter", "unsaid"), INCOMPLETE)
def test_what_the_nas_does_not_say_is_not_reset(home, method, path, body, getter, unsaid):
    known = everything(home.nas)
    said = {"get_connection_setting": known["settings", DROPBOX], "get_session_setting": known["session", DROPBOX],
            "get_selective_sync_config": known["filters", DROPBOX], "get_config": known["config"]}[getter]
    home.nas.fault({"raw_data": without(said, unsaid)}, CLOUD_SYNC, getter)
    newest = audit(home.exporter, limit=1)
    with nothing_changes(home.nas):
        for dry in (False, True):
            answer = problem(502, "nas-incomplete", home.admin.ask(method, path, body, dry_run=dry))
            assert unsaid in answer["detail"], answer
    home.nas.heal()
    assert everything(home.nas) == known
    assert audit(home.exporter, limit=1) == newest
    # Named by the caller, nothing is unsaid.
    if unsaid in ("part_size", "worker_count"):
        home.nas.fault({"raw_data": without(said, unsaid)}, CLOUD_SYNC, getter)
        expect(202, home.admin.ask(method, path, {**body, unsaid: 5}))
        home.nas.heal()
        assert {"part_size": world_of(home.nas, DROPBOX)["settings"]["part_size"],
                "worker_count": home.nas.ask("GET", "/world")["config"]["worker_count"]}[unsaid] == 5


def test_numbers_and_switches_in_another_builds_dress_are_merged_all_the_same(home):
    """Numbers as texts and switches as 0 and 1 are written back as what they mean."""
    shown = world_of(home.nas, DROPBOX)["settings"]
    dressed = {name: str(int(value)) if isinstance(value, bool) else str(value) if isinstance(value, int) else value
               for name, value in shown.items()}
    home.nas.fault({"raw_data": dressed}, CLOUD_SYNC, "get_connection_setting", connection_id=DROPBOX)
    home.admin.patch(connection(DROPBOX, "/settings"), {"max_upload_speed": 4_711})
    home.nas.heal()
    assert world_of(home.nas, DROPBOX)["settings"] == {**shown, "max_upload_speed": 4_711}
