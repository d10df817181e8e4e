"""Every route of the admin API: success, bad input, tokens, unknown things, a NAS that refuses, one that is silent.

The poll interval is an hour, so that what the simulator records is what a call brought about."""

import json
import socket
from dataclasses import dataclass, field

import pytest

from support import http
from support.admin import (OPS, PROBLEM, SCOPES, administrated, asked, by_hash, changes_among, expect, header,
                           nothing_changes, problem, start, take)
from support.description import Description, Described
from support.prometheus import closed_port
from support.wait import eventually

DESCRIPTION = Description.committed()
MIB = 1 << 20
WEEK = ["0" * 24] * 7
UNKNOWN = 4711


@dataclass
class Row:
    """One operation: how it succeeds, what of its input can be wrong, and what it asks of the NAS."""

    scope: str | None = "read"
    # The path's parameters; {nas} is home unless said.
    place: dict = field(default_factory=dict)
    body: object = None
    query: dict = field(default_factory=dict)
    status: int = 200
    # The method that does it, or is asked for it; None when the last poll or the program itself answers.
    method: str | None = None
    # What changes something.
    changes: bool = False
    # "connection" or "task": what {id} is, or the body names.
    thing: str | None = None
    # A token must be for every connection.
    needs_all: bool = False
    # Bodies and the pointers at which they are refused; parameters likewise.
    bad_bodies: list = field(default_factory=list)
    bad_queries: list = field(default_factory=list)
    # Takes its body as it comes: what is wrong with it is no matter of fields (test_automation_input.py).
    raw: bool = False
    # Needs a world of its own, because it takes something away or adds it.
    lasting: bool = False


def look(**options):
    return Row(**options)


def change(scope, method, **options):
    return Row(scope=scope, method=method, changes=True, **options)


def of(connection, **options):
    return {"place": {"id": connection}, "thing": "connection", **options}


def of_task(task, **options):
    return {"place": {"id": task}, "thing": "task", **options}


SHORT_REASON = [({"reason": ""}, ["/reason"]), ({"reason": "x" * 501}, ["/reason"]), ({"reason": "a\nb"}, ["/reason"])]
PAUSES = [
    ({}, ["/reason"]),
    ({"for": "2h"}, ["/reason"]),
    ({"reason": 7, "for": 7, "until": 7}, ["/for", "/reason", "/until"]),
    ({"reason": "x", "for": "0s"}, ["/for"]),
    ({"reason": "x", "for": "forever"}, ["/for"]),
    ({"reason": "x", "for": "-1h"}, ["/for"]),
    ({"reason": "x", "for": "367d"}, ["/for"]),
    *SHORT_REASON,
]
RESUMES = [
    ({"reason": ["x"], "override": "yes", "overide": True}, ["/overide", "/override", "/reason"]),
    *SHORT_REASON,
]
S3 = {"local_path": "/backup/monthly", "cloud_path": "/monthly"}
BAD_TASKS = [
    ({}, ["/cloud_path", "/local_path"]),
    ({**S3, "local_path": "/backup"}, ["/local_path"]),
    ({**S3, "local_path": "/backup/../etc"}, ["/local_path"]),
    ({**S3, "cloud_path": "monthly"}, ["/cloud_path"]),
    ({**S3, "cloud_path": "/"}, ["/cloud_path"]),
    ({**S3, "cloud_path": "/monthly/"}, ["/cloud_path"]),
    ({"local_path": 1, "cloud_path": [], "sync_direction": "UP", "storage_class": False, "file_filter": [".tmp", 3],
      "filter_max_upload_size": -1, "filter_names": "x", "bucket": "b"},
     ["/bucket", "/cloud_path", "/file_filter/0", "/file_filter/1", "/filter_max_upload_size", "/filter_names",
      "/local_path", "/storage_class", "/sync_direction"]),
    ({**S3, "file_filter": ["x"] * 1001}, ["/file_filter"]),
    ({**S3, "filter_max_upload_size": 1.5}, ["/filter_max_upload_size"]),
]
REASONS = [({"reason": ""}, ["reason"]), ({"reason": "x" * 501}, ["reason"])]

TABLE = {
    "get_description": look(scope=None),
    "list_nas": look(),
    "get_config": look(),
    "change_config": change(
        "settings", "set_global_config", body={"log_count": 20000}, needs_all=True,
        bad_bodies=[
            ({}, [""]),
            ({"log_count": 0}, ["/log_count"]),
            ({"log_count": 100_001}, ["/log_count"]),
            ({"worker_count": 0}, ["/worker_count"]),
            ({"worker_count": 21}, ["/worker_count"]),
            ({"worker_count": "5", "log_count": True, "sync_mode": "no", "admin_mode": "on", "repo_vol_path": "x",
              "workers": 5}, ["/admin_mode", "/log_count", "/repo_vol_path", "/sync_mode", "/worker_count", "/workers"]),
            ({"repo_vol_path": "/volume9"}, ["/repo_vol_path"]),
        ]),
    "get_activity": look(),
    "poll": look(),
    "pause_all": change(
        "hold", "pause", body={"all": True, "reason": "storm"}, needs_all=True,
        bad_bodies=[
            ({"reason": "x"}, ["/all"]),
            ({"all": False, "reason": "x"}, ["/all"]),
            ({"all": "true", "reason": "x"}, ["/all"]),
            *(({"all": True, **body}, pointers) for body, pointers in PAUSES),
        ]),
    "resume_all": change(
        "hold", "resume", body={"all": True}, needs_all=True,
        bad_bodies=[({}, ["/all"]), ({"all": 1}, ["/all"]),
                    *(({"all": True, **body}, pointers) for body, pointers in RESUMES)]),
    "list_connections": look(
        bad_queries=[({"group_by": "user"}, ["group_by"]), ({"group_by": ""}, ["group_by"])]),
    "get_connection": look(**of(2, method="get_property")),
    "remove_connection": change(
        "dangerous", "unlink_connection", **of(6, query={"confirm": "Lecture server"}, lasting=True),
        bad_queries=[({}, ["confirm"]), ({"confirm": ""}, ["confirm"]),
                     *(({"confirm": "Lecture server", **query}, names) for query, names in REASONS)]),
    "get_access": look(scope="dangerous", **of(4, method="get_conn_auth_info")),
    "get_logs": look(
        **of(2, method="get_log",
             query={"keyword": "north", "from": 0, "to": "2030-01-01T00:00:00Z", "level": "info", "action": 2,
                    "offset": 0, "limit": 5}),
        bad_queries=[
            ({"limit": 0}, ["limit"]), ({"limit": 201}, ["limit"]), ({"offset": -1}, ["offset"]),
            ({"offset": 1 << 32}, ["offset"]), ({"limit": "many"}, ["limit"]), ({"limit": ""}, ["limit"]),
            ({"limit": "1.0"}, ["limit"]),
            ({"keyword": "x" * 256, "from": "yesterday", "to": -1, "level": "fatal", "action": 99, "page": 2},
             ["action", "from", "keyword", "level", "page", "to"]),
        ]),
    "pause": change("hold", "pause", **of(1, body={"reason": "backup runs", "for": "2h"}), bad_bodies=PAUSES),
    "resume": change("hold", "resume", **of(4), bad_bodies=RESUMES),
    "get_settings": look(**of(1, method="get_connection_setting")),
    "change_settings": change(
        "settings", "set_connection_setting", **of(1, body={"max_upload_speed": 512}),
        bad_bodies=[
            ({}, [""]),
            ({"max_upload_speed": -1}, ["/max_upload_speed"]),
            ({"max_upload_speed": 1e30}, ["/max_upload_speed"]),
            ({"max_upload_speed": 1.5}, ["/max_upload_speed"]),
            ({"pull_event_period": 0}, ["/pull_event_period"]),
            ({"task_name": ""}, ["/task_name"]),
            ({"task_name": "x" * 256}, ["/task_name"]),
            ({"task_name": 1, "pull_event_period": "60", "max_upload_speed": None, "max_download_speed": [],
              "storage_class": {}, "isSSE": 0, "part_size": "64", "client_type": "db"},
             ["/client_type", "/isSSE", "/max_download_speed", "/max_upload_speed", "/part_size", "/pull_event_period",
              "/storage_class", "/task_name"]),
        ]),
    "get_schedule": look(**of(4, method="get_connection_setting")),
    "set_schedule": change(
        "settings", "set_schedule_setting", **of(1, body={"enabled": True, "schedule": WEEK}),
        bad_bodies=[
            ({}, ["/enabled"]),
            ({"schedule": WEEK}, ["/enabled"]),
            ({"enabled": True, "schedule": "1" * 167}, ["/schedule"]),
            ({"enabled": True, "schedule": "1" * 169}, ["/schedule"]),
            ({"enabled": True, "schedule": "2" * 168}, ["/schedule"]),
            ({"enabled": True, "schedule": WEEK[:6]}, ["/schedule"]),
            ({"enabled": True, "schedule": WEEK + WEEK[:1]}, ["/schedule"]),
            ({"enabled": True, "schedule": WEEK[:6] + ["0" * 23]}, ["/schedule"]),
            ({"enabled": True, "schedule": WEEK[:5] + ["0" * 23, "0" * 25]}, ["/schedule"]),
            ({"enabled": "yes", "schedule": 7, "week": []}, ["/enabled", "/schedule", "/week"]),
        ]),
    "get_task_settings": look(**of_task(1, method="get_session_setting")),
    "change_task_settings": change(
        "settings", "set_session_setting", **of_task(1, body={"sync_direction": "ONLY_UPLOAD"}),
        bad_bodies=[
            ({}, [""]),
            ({"sync_direction": "UPLOAD"}, ["/sync_direction"]),
            ({"sync_direction": "only_upload"}, ["/sync_direction"]),
            ({"sync_direction": 1, "sync_attr_check_option": "x", "no_delete": 1,
              "google_drive_convert_online_doc": None, "direction": "x"},
             ["/direction", "/google_drive_convert_online_doc", "/no_delete", "/sync_attr_check_option",
              "/sync_direction"]),
        ]),
    "get_task_filters": look(**of_task(4, method="get_selective_sync_config")),
    "change_task_filters": change(
        "settings", "set_selective_sync_config", **of_task(1, body={"filtered_paths": ["/old"]}),
        bad_bodies=[
            ({}, [""]),
            ({"filtered_paths": ["/x"] * 10_000}, ["/filtered_paths"]),
            ({"filtered_paths": "/x"}, ["/filtered_paths"]),
            ({"filtered_paths": ["/a", "b", 3, None]}, ["/filtered_paths/1", "/filtered_paths/2", "/filtered_paths/3"]),
            ({"filtered_names": ["a/b"], "filtered_extensions": [".iso"], "filtered_max_upload_size": -1,
              "user_defined_names": [""], "user_defined_extensions": {}, "paths": []},
             ["/filtered_extensions/0", "/filtered_max_upload_size", "/filtered_names/0", "/paths",
              "/user_defined_extensions", "/user_defined_names/0"]),
        ]),
    "list_folders": look(
        **of_task(1, method="get_selective_folder_list", query={"path": "/contracts"}),
        bad_queries=[({"path": "contracts"}, ["path"]), ({"path": ""}, ["path"]), ({"path": "/" * 4097}, ["path"]),
                     ({"path": "/a\nb", "file_id": "x" * 256, "id": 1}, ["file_id", "id", "path"])]),
    "list_tasks": look(**of(1, method="list_sess")),
    "create_task": change("settings", "create_session", **of(4, body=S3, status=201, lasting=True),
                          bad_bodies=BAD_TASKS),
    "validate_task": look(scope="settings", **of(4, method="test_task_setting", body=S3), bad_bodies=BAD_TASKS),
    "remove_task": change(
        "dangerous", "unlink_session", **of_task(6, query={"confirm": "/media/talks"}, lasting=True),
        bad_queries=[({}, ["confirm"]), ({"confirm": "media"}, ["confirm"]),
                     *(({"confirm": "/media/talks", **query}, names) for query, names in REASONS)]),
    "list_holds": look(
        query={"nas": "home", "connection": 1},
        bad_queries=[({"connection": "Dropbox"}, ["connection"]), ({"connection": -1, "nas": ""}, ["connection", "nas"]),
                     ({"id": 1}, ["id"])]),
    "create_hold": change(
        "hold", "pause", thing="connection", body={"nas": "home", "connection_id": 1, "reason": "x", "for": "1h"},
        status=201,
        bad_bodies=[
            ({}, ["/connection_id", "/nas", "/reason"]),
            ({"nas": 1, "connection_id": "1", "reason": None, "for": 3600, "latch": "yes", "rule": "x"},
             ["/connection_id", "/for", "/latch", "/nas", "/reason", "/rule"]),
            ({"nas": "home", "connection_id": -1, "reason": "x"}, ["/connection_id"]),
            ({"nas": "home", "connection_id": 1, "reason": "x", "for": "1h", "latch": True}, ["/for"]),
        ]),
    "release_hold": change("hold", "resume", place={"hold": "none"}, bad_queries=REASONS),
    "list_audit": look(
        query={"nas": "home", "connection": 1, "token": "ops", "action": "pause", "outcome": "succeeded",
               "from": "2020-01-01T00:00:00Z", "to": 4_000_000_000, "limit": 10, "before": 1000},
        bad_queries=[
            ({"limit": 0}, ["limit"]), ({"limit": 501}, ["limit"]), ({"before": 0}, ["before"]),
            ({"outcome": "fine", "from": "2020-13", "to": "x", "token": "", "connection": "x", "page": 1},
             ["connection", "from", "outcome", "page", "to", "token"]),
        ]),
    "freeze": Row(scope="hold", changes=True, bad_bodies=SHORT_REASON + [({"why": 1}, ["/why"])]),
    "unfreeze": Row(scope="hold", changes=True, needs_all=True, bad_bodies=SHORT_REASON + [({"why": 1}, ["/why"])]),
    "webhook": look(scope="webhook", body={"version": "4", "alerts": []}, raw=True),
    "list_decisions": look(
        query={"nas": "home", "connection": 1, "rule": "wan", "outcome": "acted", "limit": 10, "before": 1000},
        bad_queries=[({"outcome": "fine", "limit": 0, "before": "x", "page": 1},
                      ["before", "limit", "outcome", "page"])]),
    "reload": look(scope="lifecycle"),
}
ALL = pytest.mark.parametrize("name", TABLE)


def rows(**wanted):
    """The names of the rows whose attributes are true, or false, as wanted."""
    return pytest.mark.parametrize("name", [
        name for name, row in TABLE.items()
        if all(bool(getattr(row, attribute)) == value for attribute, value in wanted.items())])


def path_of(name):
    return DESCRIPTION.operations()[name][1]


def in_path(parameter):
    return pytest.mark.parametrize("name", [name for name in TABLE if f"{{{parameter}}}" in path_of(name)])


class House:
    """A simulated NAS, an exporter with the API, and the same NAS again under the name of one that is off."""

    def __init__(self, stage, directory, **sections):
        self.nas = stage.simulator()
        others = {f"without_{scope}": by_hash(f"without_{scope}", [one for one in SCOPES if one != scope])
                  for scope in SCOPES}
        tokens = {**others, "other_nas": by_hash("other_nas", nas=["off"]),
                  "other_connection": by_hash("other_connection", connections=["Nothing", "99"])}
        config = administrated(self.nas.url, directory, tokens,
                               poll={"interval": "1h", "slow_interval": "1h", "stale_after": "5h", "timeout": "1s"},
                               # Nobody waits long for a NAS that never shows what it was told.
                               automation={"verify_timeout": "1s"}, **sections)
        config["nas"]["off"] = {**config["nas"]["home"], "url": f"http://127.0.0.1:{closed_port()}"}
        self.exporter = start(stage, config).polled()
        self.client = self.exporter.admin
        self.api = Described(DESCRIPTION, self.client)
        self.peers = 1

    def peer(self):
        """An address that failed no authentication yet."""
        self.peers += 1
        return f"127.0.{1 + self.peers // 250}.{1 + self.peers % 250}"

    def call(self, name, api=None, /, place=None, **changed):
        """The call of a row, with some of its options changed."""
        row = TABLE[name]
        options = {"body": row.body, **row.query, **changed}
        return (api or self.api).ask(name, place={"nas": "home", **row.place, **(place or {})}, **options)

    def settle(self):
        """As before the test, save for settings: no faults, no holds, S3 paused."""
        self.nas.heal()
        for hold in expect(200, self.client.get("/holds"))["holds"]:
            self.client.delete(f"/holds/{hold['id']}")
        eventually(self._is_free)
        self.nas.call("pause", connection_id=4)

    def _is_free(self):
        # One whose pause never showed is watched for as long as that may come.
        assert expect(200, self.client.get("/holds"))["holds"] == []

    def poll(self):
        return expect(200, self.client.post("/nas/home/poll"))


@pytest.fixture(scope="module")
def house(shared_stage, tmp_path_factory):
    return House(shared_stage, tmp_path_factory.mktemp("house"))


@pytest.fixture
def settled(house):
    yield house
    house.settle()


def held(house):
    """The id of a new hold on connection 1."""
    return expect(200, house.client.post("/nas/home/connections/1/pause", {"reason": "x"}))["hold"]["id"]


def test_the_table_has_every_operation():
    assert set(TABLE) == set(DESCRIPTION.operations())
    for name, row in TABLE.items():
        operation = DESCRIPTION.operation(name)
        assert operation.get("x-scope") == row.scope, name
        parameters = {one["name"] for one in operation.get("parameters", [])}
        assert ("dry_run" in parameters) == ("Idempotency-Key" in parameters) == row.changes, name
        assert (bool(row.bad_bodies) or row.raw) == ("requestBody" in operation), name
        assert bool(row.bad_queries) == bool([one for one in operation.get("parameters", []) if one["in"] == "query"
                                              and one["name"] != "dry_run"]), name


# Success


@rows(lasting=False)
def test_success(settled, name):
    row = TABLE[name]
    place = {"hold": held(settled)} if name == "release_hold" else {}
    if row.changes:
        with nothing_changes(settled.nas):
            planned = expect(200, settled.call(name, place=place, dry_run=True))
        assert planned["dry_run"] is True
        methods = [request["method"] for request in planned["requests"]]
        assert methods == ([row.method] if row.method else []), planned
    take(settled.nas)
    answer = expect(row.status, settled.call(name, place=place))
    told = [method for method, _ in changes_among(take(settled.nas))]
    assert told == ([row.method] if row.changes and row.method else []), told
    if row.changes and row.method:
        assert answer["verified"] is True and answer["audit_id"] >= 1, answer
        assert answer["after"] != answer["before"] or row.method.startswith("set_"), answer


@rows(lasting=True)
def test_success_for_ever(stage, tmp_path, name):
    row = TABLE[name]
    house = House(stage, tmp_path)
    with nothing_changes(house.nas):
        planned = expect(200, house.call(name, dry_run=True))
    assert planned["dry_run"] is True and planned["requests"][-1]["method"] == row.method
    take(house.nas)
    answer = expect(row.status, house.call(name))
    assert [method for method, _ in changes_among(take(house.nas))] == [row.method]
    assert answer["verified"] is True and answer["audit_id"] == 1, answer
    if name == "create_task":
        assert answer["task"]["local_sync_path"] == S3["local_path"]
        listed = expect(200, house.client.get("/nas/home/connections/4/tasks"))["sess"]
        assert answer["task"] in listed
    else:
        kind = "unknown-connection" if row.thing == "connection" else "unknown-task"
        eventually(lambda: problem(404, kind, house.call(name)))


# Bad input


BODIES = [(name, index) for name, row in TABLE.items() for index in range(len(row.bad_bodies))]
QUERIES = [(name, index) for name, row in TABLE.items() for index in range(len(row.bad_queries))]


def pointers(body):
    for fault in body["errors"]:
        assert fault["detail"], body
    return sorted(fault["pointer"] for fault in body["errors"])


@pytest.mark.parametrize(("name", "index"), BODIES)
def test_bad_bodies(house, name, index):
    body, wanted = TABLE[name].bad_bodies[index]
    with nothing_changes(house.nas):
        refused = problem(422, "invalid-body", house.call(name, body=body))
    assert pointers(refused) == wanted, refused
    assert len(json.dumps(refused)) < 100_000


@pytest.mark.parametrize(("name", "index"), QUERIES)
def test_bad_queries(house, name, index):
    query, wanted = TABLE[name].bad_queries[index]
    row = TABLE[name]
    place = {"nas": "home", **row.place}
    with nothing_changes(house.nas):
        refused = problem(400, "invalid-parameter", house.api.ask(name, place=place, **query))
    assert sorted({fault["parameter"] for fault in refused["errors"]}) == wanted, refused
    assert all(fault["detail"] for fault in refused["errors"])


@ALL
def test_unknown_and_repeated_parameters(house, name):
    with nothing_changes(house.nas):
        refused = problem(400, "invalid-parameter", house.call(name, dry_runn="true"))
        assert {"dry_runn"} == {fault["parameter"] for fault in refused["errors"]}
        row = TABLE[name]
        parameter = "dry_run" if row.changes else next(iter(row.query), "x")
        repeated = f"{path_of(name)}?{parameter}=true&{parameter}=true".format(**{"nas": "home", **row.place})
        method = DESCRIPTION.operations()[name][0]
        refused = problem(400, "invalid-parameter", house.client.ask(method, repeated, row.body))
    assert parameter in {fault["parameter"] for fault in refused["errors"]}, refused
    if parameter != "x":
        assert any("more than once" in fault["detail"] for fault in refused["errors"]), refused


@ALL
def test_parameters_that_are_no_text(house, name):
    method, path = DESCRIPTION.operations()[name]
    filled = path.format(**{"nas": "home", "hold": "x", **TABLE[name].place})
    with nothing_changes(house.nas):
        for query in ("reason=%FF%FE", "%C3=x", "keyword=%ED%A0%80"):
            refused = problem(400, "invalid-parameter", house.client.ask(method, f"{filled}?{query}", TABLE[name].body))
            assert "UTF-8" in refused["detail"], refused


@rows(changes=True)
@pytest.mark.parametrize("text", ["1", "yes", "", "TRUE"])
def test_dry_run_is_true_or_false(house, name, text):
    with nothing_changes(house.nas):
        refused = problem(400, "invalid-parameter", house.call(name, dry_run=text))
    assert [fault["parameter"] for fault in refused["errors"]] == ["dry_run"]


@rows(changes=True)
@pytest.mark.parametrize("key", ["x" * 256, "a b", '"', '""', "ä"])
def test_bad_keys(house, name, key):
    with nothing_changes(house.nas):
        problem(400, "idempotency-key-invalid", house.call(name, key=key.encode("utf-8").decode("latin-1")))


DEEP = b'{"reason":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BROKEN = {
    "invalid UTF-8": (b'{"reason": "\xff\xfe"}', "UTF-8"),
    "duplicate keys": (b'{"reason": "a", "reason": "b"}', "second time"),
    "duplicate keys by escape": (b'{"reason": "a", "reas\\u006fn": "b"}', "second time"),
    "deep": (DEEP, "within each other"),
    "trailing garbage": (b'{"reason": "a"} x', "trailing"),
    "two documents": (b'{"reason": "a"}{"reason": "a"}', "trailing"),
    "cut": (b'{"reason": "a"', "EOF"),
    "blanks": (b"  \n ", "empty"),
    "byte order mark": (b'\xef\xbb\xbf{"reason": "a"}', "expected value"),
    "UTF-16": ('{"reason": "a"}'.encode("utf-16"), "UTF-8"),
    "NaN": (b'{"reason": NaN}', ""),
    "single quotes": (b"{'reason': 'a'}", ""),
    "comment": (b'{"reason": "a" /* b */}', ""),
    "lone surrogate": (b'{"reason": "\\ud800"}', "/reason"),
}
NO_OBJECTS = [b"[]", b"null", b'"text"', b"7", b"true", b'[{"reason": "x"}]']
WITH_BODY = pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.bad_bodies])


@WITH_BODY
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_json(house, name, kind):
    body, words = BROKEN[kind]
    with nothing_changes(house.nas):
        refused = problem(400, "malformed-body", house.call(name, body=body))
    assert words in refused["detail"], refused
    assert len(refused["detail"]) < 500


@WITH_BODY
def test_other_json_than_objects(house, name):
    with nothing_changes(house.nas):
        for body in NO_OBJECTS:
            refused = problem(422, "invalid-body", house.call(name, body=body))
            assert pointers(refused) == [""], refused


@WITH_BODY
def test_other_content_types(house, name):
    body = json.dumps(TABLE[name].body or {}).encode()
    with nothing_changes(house.nas):
        for kind in [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     "application/json; charset=latin-1", "application/jsonx", "application/problem+json", "json", ""]:
            # urllib says it is a form where nothing is said.
            headers = {"Content-Type": "" if kind is None else kind}
            problem(415, "unsupported-media-type", house.call(name, body=body, headers=headers))


@WITH_BODY
def test_no_body(house, name):
    """Of no bytes: as if of no fields."""
    content = DESCRIPTION.operation(name)["requestBody"]["content"]["application/json"]["schema"]
    schema = DESCRIPTION.document["components"]["schemas"][content["$ref"].rsplit("/", 1)[1]]
    if "required" in schema or "minProperties" in schema:
        with nothing_changes(house.nas):
            problem(422, "invalid-body", house.call(name, body=b""))
            problem(422, "invalid-body", house.call(name, body=None))
    else:
        expect(200, house.call(name, body=b"", dry_run=True))


@WITH_BODY
def test_large_bodies(house, name):
    padding = b'{"reason": "' + b"x" * (MIB + 1) + b'"}'
    with nothing_changes(house.nas):
        problem(413, "body-too-large", house.call(name, body=padding))
        # Just within: read, and refused for what it says.
        within = b'{"unheard_of": "' + b"x" * (MIB - 18) + b'"}'
        assert len(within) == MIB
        problem(422, "invalid-body", house.call(name, body=within))
    assert expect(200, house.client.get("/nas"))


def test_a_body_whose_length_is_not_said(house):
    """In chunks, without an end: it is not read beyond the limit."""
    host, port = house.exporter.admin_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client, nothing_changes(house.nas):
        client.sendall((f"POST /api/v1/nas/home/pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPS}\r\n"
                        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        try:
            for _ in range(64):
                client.sendall(chunk)
        except OSError:
            pass
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 "), answer
    assert b"body-too-large" in answer


@pytest.mark.parametrize("name", ["remove_connection", "remove_task"])
@pytest.mark.parametrize("confirm", ["WebDA", "lecture server", "Lecture server ", "/media/talks/", "/media", "/Talks"])
def test_confirmations_must_match(house, name, confirm):
    if not confirm.startswith("/") and name == "remove_task":
        confirm = "/" + confirm
    with nothing_changes(house.nas):
        problem(409, "confirmation-mismatch", house.call(name, confirm=confirm))
        problem(409, "confirmation-mismatch", house.call(name, confirm=confirm, dry_run=True))


def test_the_end_of_a_log_may_be_its_beginning(house):
    """The NAS takes 0 for no end at all."""
    rows = {to: expect(200, house.call("get_logs", **{"keyword": "", "to": to}))["total"]
            for to in (0, "1970-01-01T00:00:00Z", 1, "2030-01-01T00:00:00Z")}
    whole = rows.pop("2030-01-01T00:00:00Z")
    assert whole > 0 and set(rows.values()) == {0}, rows


def test_whole_numbers_may_be_written_as_fractions(settled):
    """To JSON Schema 5.0 is a whole number; the NAS gets it as one."""
    changed = expect(200, settled.call("change_settings", body=b'{"max_upload_speed": 640.0}'))
    assert (changed["verified"], changed["after"]["max_upload_speed"]) == (True, 640), changed


@pytest.mark.parametrize("name", ["create_task", "validate_task"])
def test_tasks_are_made_on_s3_only(house, name):
    with nothing_changes(house.nas):
        refused = problem(409, "not-s3", house.call(name, place={"id": 1}))
    assert "S3" in refused["detail"] + refused["title"]
    assert not asked(house.nas, "test_task_setting")


def test_what_the_nas_would_not_take_is_not_valid(house):
    with nothing_changes(house.nas):
        verdict = expect(200, house.call("validate_task", body={**S3, "local_path": "/no_such_share/x"}))
    assert verdict["valid"] is False
    assert verdict["problem"]["type"] == PROBLEM + "nas-refused"
    assert verdict["problem"]["nas_method"] == "test_task_setting" and verdict["problem"]["nas_code"]


@pytest.mark.parametrize("method", ["get_property", "get_conn_auth_info"])
def test_what_the_nas_does_not_say_is_not_about_the_task(settled, method):
    settled.nas.fault({"code": 401}, "SYNO.CloudSync", method)
    refused = problem(502, "nas-refused", settled.call("validate_task"))
    assert (refused["nas_code"], refused["nas_method"]) == (401, method)


def test_a_task_that_is_not_valid_is_not_made(house):
    with nothing_changes(house.nas):
        refused = problem(502, "nas-refused", house.call("create_task", body={**S3, "local_path": "/no_such_share/x"}))
    assert refused["nas_method"] == "test_task_setting"


@pytest.mark.parametrize("body", [{"sync_mode": True}, {"repo_vol_path": "/volume2"}, {"admin_mode": "disable"},
                                  {"log_count": 5000, "sync_mode": False}])
def test_what_can_lose_data_needs_dangerous(house, body):
    with nothing_changes(house.nas):
        refused = problem(403, "forbidden", house.call(
            "change_config", house.api.with_token("without_dangerous"), body=body))
        assert "dangerous" in refused["detail"]
        expect(200, house.call("change_config", body=body, dry_run=True))


def test_showing_users_needs_no_more_than_settings(settled):
    expect(200, settled.call("change_config", settled.api.with_token("without_dangerous"),
                             body={"admin_mode": "enable", "worker_count": 5}, dry_run=True))


# Who may


@ALL
def test_tokens(house, name):
    row = TABLE[name]
    if row.scope is None:
        expect(200, house.call(name, house.api.with_token(None)))
        return
    with nothing_changes(house.nas):
        for token in (None, "", "wrong", OPS + "x", OPS[:-1]):
            reply = house.call(name, Described(DESCRIPTION, house.client.with_token(token, house.peer())))
            problem(401, "unauthorized", reply)
            assert header(reply, "www-authenticate") == "Bearer"
        for authorization in (f"Basic {OPS}", OPS, f"Bearer {OPS}, Bearer {OPS}", f"Token {OPS}"):
            reply = house.call(name, Described(DESCRIPTION, house.client.with_token(None, house.peer())),
                               headers={"Authorization": authorization})
            problem(401, "unauthorized", reply)


@ALL
def test_scopes(house, name):
    row = TABLE[name]
    if row.scope is None:
        return
    with nothing_changes(house.nas):
        reply = house.call(name, house.api.with_token(f"without_{row.scope}"))
        assert row.scope in problem(403, "forbidden", reply)["detail"]
        if name == "change_config":
            # The token may change what is dangerous, so what it asks for is read first.
            return
        # Whatever else is wrong with it.
        problem(403, "forbidden", house.call(name, house.api.with_token(f"without_{row.scope}"), unheard_of="x"))


@ALL
def test_a_token_for_another_nas(house, name):
    with nothing_changes(house.nas):
        reply = house.call(name, house.api.with_token("other_nas"), **({"dry_run": True} if TABLE[name].changes else {}))
        if "{nas}" in path_of(name) or name in ("create_hold", "unfreeze"):
            problem(403, "forbidden", reply)
        elif name == "release_hold":
            problem(404, "unknown-hold", reply)
        else:
            expect(TABLE[name].status, reply)
            assert '"home"' not in reply.text, reply.text


@ALL
def test_a_token_for_other_connections(house, name):
    row = TABLE[name]
    with nothing_changes(house.nas):
        reply = house.call(name, house.api.with_token("other_connection"), **({"dry_run": True} if row.changes else {}))
        if row.thing or row.needs_all:
            refused = problem(403, "forbidden", reply)
            # It is not told which there are.
            if row.thing and "{id}" in path_of(name):
                unknown = house.call(name, house.api.with_token("other_connection"), place={"id": UNKNOWN})
                assert problem(403, "forbidden", unknown) == refused
            elif name == "create_hold":
                unknown = house.call(name, house.api.with_token("other_connection"),
                                     body={**row.body, "connection_id": UNKNOWN})
                assert problem(403, "forbidden", unknown) == refused
        elif name == "release_hold":
            problem(404, "unknown-hold", reply)
        else:
            expect(row.status, reply)
            assert "Dropbox" not in reply.text and "/documents" not in reply.text, reply.text


def test_a_hold_of_another_connection_is_not_there(settled):
    hold = held(settled)
    for token in ("other_connection", "other_nas"):
        api = settled.api.with_token(token)
        assert expect(200, settled.call("list_holds", api, nas="home"))["holds"] == []
        with nothing_changes(settled.nas):
            problem(404, "unknown-hold", settled.call("release_hold", api, place={"hold": hold}))
        assert expect(200, settled.call("list_audit", api))["records"] == []
    assert len(expect(200, settled.call("list_holds"))["holds"]) == 1


# What is not there


def test_what_went_since_the_last_poll_is_not_there(stage, tmp_path):
    """The last poll has it still; the NAS would refuse, and nobody could tell from that what is wrong."""
    house = House(stage, tmp_path)
    before = expect(200, house.client.get("/audit"))
    house.nas.call("unlink_session", connection_id=6, session_id=6)
    house.nas.call("unlink_connection", connection_id=4)
    for name in TABLE:
        if "{id}" not in path_of(name):
            continue
        kind, place = ("task", 6) if TABLE[name].thing == "task" else ("connection", 4)
        with nothing_changes(house.nas):
            problem(404, f"unknown-{kind}", house.call(name, place={"id": place}))
    body = {**TABLE["create_hold"].body, "connection_id": 4}
    problem(404, "unknown-connection", house.call("create_hold", body=body))
    assert expect(200, house.client.get("/audit")) == before


@in_path("nas")
@pytest.mark.parametrize("nas", ["unknown", "HOME", "home%20", "%2e%2e", "x" * 2000, "h%C3%A4user", "%FF"])
def test_unknown_nas(house, name, nas):
    with nothing_changes(house.nas):
        refused = problem(404, "unknown-nas", house.call(name, place={"nas": nas}))
    assert len(json.dumps(refused)) < 3000


def test_unknown_nas_of_a_hold(house):
    with nothing_changes(house.nas):
        problem(404, "unknown-nas", house.call("create_hold", body={**TABLE["create_hold"].body, "nas": "unknown"}))


@in_path("id")
def test_unknown_ids_are_asked_for(house, name):
    thing = TABLE[name].thing
    with nothing_changes(house.nas):
        refused = problem(404, f"unknown-{thing}", house.call(name, place={"id": UNKNOWN}))
        assert str(UNKNOWN) in refused["detail"]
        assert asked(house.nas, "list_conn"), "unknown to the last poll is not unknown to the NAS"
        if thing == "task":
            listed = {params["connection_id"] for params in asked(house.nas, "list_sess")}
            assert len(listed) == 6, "every connection may have it"


def test_an_unknown_connection_of_a_hold_is_asked_for(house):
    with nothing_changes(house.nas):
        body = {**TABLE["create_hold"].body, "connection_id": UNKNOWN}
        problem(404, "unknown-connection", house.call("create_hold", body=body))
        assert asked(house.nas, "list_conn")


STRANGE = ["x", "-1", "-4711", "99999999999999999999999999", "9223372036854775807", "9223372036854775808", "1.0", "1e0",
           "+1", "0x1", "%20", "1%20", "%D9%A1", "1%2F..", "%00", "null", "%E2%88%921", "1,2", "*"]


@in_path("id")
@pytest.mark.parametrize("thing", STRANGE)
def test_strange_ids(house, name, thing):
    with nothing_changes(house.nas):
        refused = problem(404, f"unknown-{TABLE[name].thing}", house.call(name, place={"id": thing}))
        assert "-1" not in json.dumps([call["params"] for call in house.nas.requests()
                                       if call["api"] == "SYNO.CloudSync"])
    assert refused["detail"]


@pytest.mark.parametrize("hold", ["h-000000000000", "x", "%00", "x" * 2000, "-1", "*"])
def test_unknown_holds(house, hold):
    with nothing_changes(house.nas):
        problem(404, "unknown-hold", house.call("release_hold", place={"hold": hold}))


def test_what_came_since_the_last_poll_is_found(settled):
    """The last poll saw nothing; the NAS has it all."""
    empty = {"conn": [], "is_admin_mode": True, "is_pause": False, "total": 0, "tray_status": "uptodate"}
    settled.nas.fault({"raw_data": empty}, "SYNO.CloudSync", "list_conn")
    assert settled.poll()["connections"] == 0
    settled.nas.heal()
    assert expect(200, settled.call("get_connection"))["id"] == 2
    assert expect(200, settled.call("get_task_settings"))
    assert expect(200, settled.call("list_folders", **{"path": "/"}))["children"]
    assert expect(200, settled.call("change_settings", dry_run=True))["dry_run"]
    assert settled.poll()["connections"] == 6


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/nas/", "/api/v2/nas", "/api/v1//nas",
                                  "/api/v1/nas/home/connections/1/settings/", "/api/v1/nas/home/connections//settings",
                                  "/api/v1/../v1/nas", "/metrics", "/-/healthy", "/%61pi/v1/nas", "/-/reload/x"])
def test_unknown_paths(house, path):
    for method in ("GET", "POST", "DELETE"):
        with nothing_changes(house.nas):
            problem(404, "not-found", raw(house, method, path))


def raw(house, method, path):
    """A request whose path is sent as it is."""
    return http.request(house.exporter.admin_url + path, method, headers={"Authorization": f"Bearer {OPS}"})


@pytest.mark.parametrize("path", sorted({path for _, path in DESCRIPTION.operations().values()}))
def test_other_methods(house, path):
    allowed = {method for method, known in DESCRIPTION.operations().values() if known == path}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    filled = path.format(nas="home", id=1, hold="x")
    with nothing_changes(house.nas):
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - allowed:
            reply = raw(house, method, filled)
            assert reply.status == 405, (method, reply)
            if method != "HEAD":
                problem(405, "method-not-allowed", reply)
            assert set(header(reply, "allow").split(", ")) == allowed


def test_head_is_get_without_the_body(house):
    reply = house.client.ask("HEAD", "/nas/home/connections/1")
    assert (reply.status, reply.body) == (200, b"")
    problem(401, "unauthorized", house.client.with_token(None).get("/nas"))
    assert house.client.with_token(None).ask("HEAD", "/nas").status == 401


# A NAS that refuses, is silent, is off


WRITES = [name for name, row in TABLE.items() if row.method and row.changes]
READS = [name for name, row in TABLE.items() if row.method and not row.changes]


def prepared(house, name):
    return {"hold": held(house)} if name == "release_hold" else {}


@pytest.mark.parametrize("code", [105, 401])
@rows(method=True)
def test_refusal(settled, name, code):
    row = TABLE[name]
    place = prepared(settled, name)
    settled.nas.fault({"code": code}, "SYNO.CloudSync", row.method)
    take(settled.nas)
    reply = settled.call(name, place=place)
    if name == "validate_task" and code == 401:
        verdict = expect(200, reply)
        assert verdict["valid"] is False
        refused = verdict["problem"]
    else:
        refused = problem(502, "nas-refused", reply)
    assert (refused["nas_code"], refused["nas_method"]) == (code, row.method), refused
    assert refused["detail"] and str(code) in refused["detail"]
    told = [method for method, _ in changes_among(take(settled.nas))]
    # Once: what the NAS refused is not tried again behind the caller's back.
    assert told == ([row.method] if row.changes else []), told
    if row.changes:
        # The newest, unless the end of an earlier test's hold comes between.
        records = expect(200, settled.client.get("/audit", limit=3))["records"]
        record = next(record for record in records if record["id"] == refused["audit_id"])
        assert record["outcome"] == "failed", record
        assert (record["error"]["code"], record["error"]["method"]) == (code, row.method)


@rows(method=True)
def test_silence(settled, name):
    """The call itself is not answered; what the NAS may have done is said to be unknown."""
    row = TABLE[name]
    place = prepared(settled, name)
    settled.nas.fault("hang", "SYNO.CloudSync", row.method)
    take(settled.nas)
    silent = problem(504, "nas-silent", settled.call(name, place=place))
    assert silent["reason"] == "timeout", silent
    told = [method for method, _ in changes_among(take(settled.nas))]
    assert told == ([row.method] if row.changes else []), told
    if row.changes:
        assert "may have done it" in silent["detail"], silent
        # The exporter may be about to try again already.
        records = expect(200, settled.client.get("/audit", limit=5))["records"]
        outcomes = {record["id"]: record["outcome"] for record in records}
        assert outcomes[silent["audit_id"]] == "unknown", records


def test_a_nas_that_hangs_altogether(settled):
    """No change is begun when what is there now cannot be read, and no record either."""
    before = expect(200, settled.client.get("/audit"))
    settled.nas.fault("hang")
    for name in ("change_settings", "get_connection", "pause"):
        silent = problem(504, "nas-silent", settled.call(name))
        assert "audit_id" not in silent
    settled.nas.heal()
    assert expect(200, settled.client.get("/audit")) == before


@pytest.mark.parametrize("kind", ["html200", {"status": [502, "<html>bad gateway</html>"]}, {"raw_body": "[]"},
                                  {"cut_body": 20}, "reset", {"redirect": "http://127.0.0.1:1/"}])
def test_what_is_no_answer(settled, kind):
    settled.nas.fault(kind)
    for name in ("get_settings", "change_settings"):
        reply = settled.call(name)
        assert reply.status in (502, 504), reply.text
        assert reply.json()["type"] in (PROBLEM + "nas-answer", PROBLEM + "nas-silent"), reply.text
        assert "<html>" not in reply.text


SERVED = [name for name, row in TABLE.items() if not row.method and "{nas}" in path_of(name)]


def test_reads_of_the_last_poll_go_on_while_the_nas_is_down(settled):
    settled.nas.fault({"status": [503, "busy"]})
    polled = expect(200, settled.call("poll"))
    assert (polled["up"], polled["reason"]) == (False, "http"), polled
    assert polled["trouble"]
    for name in SERVED + ["list_nas", "list_holds", "list_audit", "list_decisions", "get_description"]:
        expect(200, settled.call(name))
    assert len(expect(200, settled.call("list_connections"))["conn"]) == 6
    settled.nas.heal()
    assert settled.poll()["up"] is True


@pytest.mark.parametrize("name", [name for name in TABLE if "{nas}" in path_of(name)])
def test_a_nas_that_is_off(house, name):
    """It was never there: nothing is known from its last poll, and nothing can be asked."""
    reply = house.call(name, place={"nas": "off"})
    if name == "poll":
        polled = expect(200, reply)
        assert (polled["up"], polled["reason"]) == (False, "connect"), polled
        return
    refused = expect(504, reply)
    assert refused["type"] in (PROBLEM + "no-data", PROBLEM + "nas-silent"), refused
    assert refused["reason"] == "connect" and refused["detail"], refused


def test_a_nas_that_refuses_the_login(stage, tmp_path):
    nas = stage.simulator()
    exporter = start(stage, administrated(nas.url, tmp_path, nas={"password": "not-the-password"}))
    api = Described(DESCRIPTION, exporter.admin)

    def known():
        assert expect(200, exporter.admin.get("/nas"))["nas"][0].get("reason") == "auth"

    eventually(known)
    refused = problem(502, "no-data", api.ask("list_connections", place={"nas": "home"}))
    assert refused["reason"] == "auth"
    refused = problem(502, "nas-refused", api.ask("get_settings", place={"nas": "home", "id": 1}))
    assert refused["reason"] == "auth"
    refused = problem(502, "nas-refused", api.ask("pause", {"reason": "x"}, place={"nas": "home", "id": 1}))
    assert refused["reason"] == "auth"
    # However often somebody asks: each attempt counts towards the NAS's block list.
    assert nas.logins() == 1
