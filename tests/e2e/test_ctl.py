"""`cloudsync-exporter ctl` against the daemon: each command, as tables and as JSON, dry, refused, and without a daemon."""

import json
import re
import subprocess

import pytest

from support.admin import (OPS, administrated, asked, by_file, by_hash, changes_among, expect, nothing_changes, start,
                           take)
from support.program import BINARY, environment
from support.prometheus import closed_port
from support.wait import eventually
from test_admin_routes import S3

OPEN, CLOSED = "1" * 24, "0" * 24


class Terminal:
    """A person with a token, and the daemon that they ask."""

    def __init__(self, stage, directory):
        self.directory = directory
        self.nas = stage.simulator()
        self.token = directory / "reader.token"
        tokens = {"reader": by_file(self.token, "planted-reader", ["read"])}
        self.config = administrated(self.nas.url, directory, tokens,
                                    poll={"interval": "1h", "slow_interval": "1h", "stale_after": "5h", "timeout": "1s"})
        self.exporter = start(stage, self.config).polled()
        self.api = self.exporter.admin

    def run(self, *arguments, url=None, token=OPS, stdin=None, **extra):
        """`ctl` with these arguments, and the token in the environment unless it is None."""
        known = {} if token is None else {"CLOUDSYNC_CTL_TOKEN": token}
        done = subprocess.run(
            [BINARY, "ctl", "--url", url or self.exporter.admin_url, *map(str, arguments)], cwd=self.directory,
            env=environment(**known, **extra), input=stdin or "", text=True, capture_output=True, timeout=120,
            check=False)
        assert "planted-" not in done.stdout + done.stderr, done
        return done

    def table(self, *arguments, code=0, **options):
        """What a person reads; on standard error when it fails."""
        done = self.run("--output", "table", *arguments, **options)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert (done.stdout == "") == bool(code) or code == 1, done
        return done.stdout + done.stderr

    def json(self, *arguments, code=0, **options):
        done = self.run("--output", "json", *arguments, **options)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stderr if code and not done.stdout else done.stdout)

    def settle(self):
        self.nas.heal()
        for hold in expect(200, self.api.get("/holds"))["holds"]:
            self.api.delete(f"/holds/{hold['id']}")
        self.nas.call("pause", connection_id=4)


@pytest.fixture(scope="module")
def shared(shared_stage, tmp_path_factory):
    return Terminal(shared_stage, tmp_path_factory.mktemp("terminal"))


@pytest.fixture
def terminal(shared):
    yield shared
    shared.settle()


@pytest.fixture
def own(stage, tmp_path):
    """A daemon and a NAS for what cannot be undone."""
    return Terminal(stage, tmp_path)


# Looks: arguments, the call whose answer is shown, and what a person must find in the table.
LOOKS = {
    "connections": (["connections"], "/nas/home/connections", {}, ["Dropbox", "camera@example.com", "syncing"]),
    "connections by cloud": (["connections", "--group-by", "cloud-type"], "/nas/home/connections",
                             {"group_by": "group_by_cloud_type"}, ["WebDAV"]),
    "connections by user": (["connections", "--group-by", "user"], "/nas/home/connections",
                            {"group_by": "group_by_user"}, ["WebDAV"]),
    "show": (["show", "2"], "/nas/home/connections/2", {}, ["Microsoft OneDrive", "office@example.com"]),
    "show by name": (["show", "Dropbox"], "/nas/home/connections/1", {}, ["anna@example.com"]),
    "settings": (["settings", "get", "Camera roll"], "/nas/home/connections/5/settings", {}, ["max_upload_speed"]),
    "schedule": (["schedule", "get", "4"], "/nas/home/connections/4/schedule", {}, ["mon 111111 000000 000000 000011", "enabled: yes"]),
    "auth": (["auth", "4"], "/nas/home/connections/4/auth", {}, ["secret_key", "present"]),
    "logs": (["logs", "2"], "/nas/home/connections/2/logs", {}, ["Plan.dwg", "Notes.one"]),
    "logs, filtered": (["logs", "2", "--keyword", "north", "--level", "error", "--action", "6", "--from", "2020-01-01T00:00:00Z",
                        "--to", "4000000000", "--offset", "0", "--limit", "5"], "/nas/home/connections/2/logs",
                       {"keyword": "north", "level": "error", "action": 6, "from": "2020-01-01T00:00:00Z",
                        "to": 4000000000, "offset": 0, "limit": 5}, ["model:final.skp"]),
    "config": (["config", "get"], "/nas/home/config", {}, ["worker_count", "/volume1"]),
    "tasks": (["tasks", "1"], "/nas/home/connections/1/tasks", {}, ["/documents", "/Office"]),
    "task settings": (["task", "settings", "4"], "/nas/home/tasks/4/settings", {}, ["no_delete"]),
    "task filters": (["task", "filters", "4"], "/nas/home/tasks/4/filters", {}, ["tmp"]),
    "task folders": (["task", "folders", "1"], "/nas/home/tasks/1/folders", {}, ["contracts"]),
    "task folders below": (["task", "folders", "1", "--path", "/contracts"], "/nas/home/tasks/1/folders",
                           {"path": "/contracts"}, ["2025"]),
    "activity": (["activity"], "/nas/home/activity", {}, ["Walkthrough.mp4", "Lease.pdf"]),
    "holds": (["holds"], "/holds", {}, []),
    "holds of one": (["holds", "list", "--connection", "Dropbox"], "/holds", {"nas": "home", "connection": 1}, []),
    "audit": (["audit"], "/audit", {}, []),
    "audit, filtered": (["audit", "--connection", "1", "--token", "ops", "--action", "pause", "--outcome", "succeeded",
                         "--from", "2020-01-01T00:00:00Z", "--to", "4000000000", "--limit", "5", "--before", "1000"],
                        "/audit", {"nas": "home", "connection": 1, "token": "ops", "action": "pause",
                                   "outcome": "succeeded", "from": "2020-01-01T00:00:00Z", "to": 4000000000,
                                   "limit": 5, "before": 1000}, []),
    "decisions": (["decisions"], "/automation/decisions", {}, ["observe"]),
    "decisions, filtered": (["decisions", "--connection", "Dropbox", "--rule", "wan", "--outcome", "blocked", "--limit", "5",
                             "--before", "1000"],
                            "/automation/decisions", {"nas": "home", "connection": 1, "rule": "wan",
                                                      "outcome": "blocked", "limit": 5, "before": 1000},
                            ["no decisions"]),
}


@pytest.mark.parametrize("name", LOOKS)
def test_looks(shared, name):
    arguments, path, query, words = LOOKS[name]
    with nothing_changes(shared.nas):
        answer = expect(200, shared.api.get(path, **query))
        assert shared.json(*arguments) == answer
        shown = shared.table(*arguments)
    for word in words:
        assert word in shown, shown


def test_status(terminal):
    expect(200, terminal.api.post("/nas/home/connections/1/pause", {"reason": "a look at status", "for": "2h"}))
    eventually(lambda: paused(terminal))
    status = terminal.json("status")
    assert status["nas"] == expect(200, terminal.api.get("/nas"))["nas"]
    assert status["connections"] == {"home": expect(200, terminal.api.get("/nas/home/connections"))}
    assert status["holds"] == expect(200, terminal.api.get("/holds"))["holds"]
    assert status["automation"] == {"mode": "observe", "frozen": False}
    shown = terminal.table("status")
    for word in ("automation: observe", "home", "Dropbox", "WebDAV", "pause", "ops"):
        assert word in shown, shown
    line = next(line for line in shown.splitlines() if "Dropbox" in line)
    assert "pause" in line and "manual ops" in line, shown


def paused(terminal):
    listed = expect(200, terminal.api.get("/nas/home/connections"))["conn"]
    assert listed[0]["status"] == "pause"


def test_poll(shared):
    take(shared.nas)
    answer = shared.json("poll")
    assert (answer["name"], answer["up"], answer["connections"]) == ("home", True, 6)
    assert asked(shared.nas, "list_conn")
    assert "home" in shared.table("poll")


def test_openapi_and_completions_need_no_token(shared):
    description = expect(200, shared.api.get("/openapi.json"))
    assert shared.json("openapi", token=None) == description
    assert json.loads(shared.table("openapi", token=None)) == description
    for shell in ("bash", "zsh", "fish", "elvish", "powershell"):
        done = shared.run("completions", shell, url="http://127.0.0.1:1", token=None)
        assert done.returncode == 0 and "unfreeze" in done.stdout, (shell, done)
    for shell in ("bash",):
        script = shared.run("completions", shell).stdout
        assert subprocess.run([shell, "-n"], input=script, text=True, check=False).returncode == 0


# Changes: arguments, the method that the NAS is told and parameters of it, and words of the table.
CHANGES = {
    "settings": (["settings", "set", "Dropbox", "max_upload_speed=512", 'task_name="2024"'], "set_connection_setting",
                 {"connection_id": "1", "max_upload_speed": "512", "task_name": '"2024"'},
                 ["max_upload_speed: 0 → 512", "task_name: Dropbox → 2024"]),
    "schedule, in words": (["schedule", "set", "1", "--enabled", "true", "--from-text", "mon-fri 0-8; sat,sun 0-24"],
                           "set_schedule_setting",
                           {"is_enabled_schedule": "true",
                            "schedule_info": json.dumps(OPEN + ("1" * 8 + "0" * 16) * 5 + OPEN)}, ["enabled"]),
    "config": (["config", "set", "worker_count=3", "log_count=500"], "set_global_config",
               {"worker_count": "3", "log_count": "500"}, ["worker_count: 6 → 3"]),
    "task settings": (["task", "settings", "1", "sync_direction=ONLY_UPLOAD", "no_delete=true"], "set_session_setting",
                      {"session_id": "1", "sync_direction": '"ONLY_UPLOAD"', "no_delete": "true"},
                      ["sync_direction: BIDIRECTION → ONLY_UPLOAD"]),
    "task filters": (["task", "filters", "1", "filtered_extensions=iso,tmp", "filtered_names=[\"a,b\"]"],
                     "set_selective_sync_config",
                     {"filtered_extensions": '["iso","tmp"]', "filtered_names": '["a,b"]'}, ["filtered_extensions"]),
    "pause": (["pause", "Dropbox", "--reason", "storm", "--for", "2h"], "pause", {"connection_id": "1"},
              ["status: uptodate → pause", "storm", "held:"]),
    "pause all": (["pause", "--all", "--reason", "storm"], "pause", {"connection_id": None}, ["held:", "storm"]),
    "resume": (["resume", "4", "--reason", "over"], "resume", {"connection_id": "4"}, ["status: pause → "]),
    "resume all": (["resume", "--all", "--override"], "resume", {"connection_id": None}, ["status.4: pause → "]),
    "hold": (["holds", "add", "1", "--reason", "inventory", "--latch"], "pause", {"connection_id": "1"},
             ["inventory", "held:"]),
    "task create": (["task", "create", "4", "--local-path", S3["local_path"], "--cloud-path", S3["cloud_path"],
                     "--direction", "ONLY_UPLOAD", "--storage-class", "STANDARD_IA", "--exclude-extension", "tmp",
                     "--exclude-extension", "part", "--exclude-name", "Thumbs.db", "--max-upload-size", "1000"],
                    "create_session", {}, ["created: task ", S3["local_path"]]),
    "task remove": (["task", "remove", "6", "--confirm", "/media/talks"], "unlink_session", {"session_id": "6"},
                    ["local_sync_path: /media/talks → -"]),
    "unlink": (["unlink", "Lecture server", "--confirm", "Lecture server"], "unlink_connection",
               {"connection_id": "6"}, ["audit record"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_dry_runs_send_nothing(shared, name):
    arguments, method, _, _ = CHANGES[name]
    audit = expect(200, shared.api.get("/audit"))
    with nothing_changes(shared.nas):
        planned = shared.json(*arguments, "--dry-run")
        assert planned["dry_run"] is True
        assert planned["requests"][-1]["method"] == method
        shown = shared.table(*arguments, "--dry-run")
    assert "dry run: nothing was sent" in shown and f"would send SYNO.CloudSync {method}" in shown, shown
    assert expect(200, shared.api.get("/audit")) == audit


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("output", ["table", "json"])
def test_changes(own, name, output):
    arguments, method, parameters, words = CHANGES[name]
    take(own.nas)
    if output == "json":
        answer = own.json(*arguments)
        assert answer["verified"] is True and answer["audit_id"] == 1, answer
    else:
        shown = own.table(*arguments)
        for word in [*words, "audit record 1"]:
            assert word in shown, shown
    told = changes_among(take(own.nas))
    assert [name for name, _ in told] == [method]
    for parameter, value in parameters.items():
        assert told[0][1].get(parameter) == value, told
    record = expect(200, own.api.get("/audit"))["records"][0]
    assert (record["token"], record["action"], record["outcome"]) == ("ops", method, "succeeded"), record
    assert method in own.table("audit") and "ops" in own.table("audit")


def test_pause_hold_release(terminal):
    """What a person does in a day: pause twice, look, let go of one, resume the rest."""
    terminal.table("pause", "1", "--reason", "first")
    latched = terminal.json("holds", "add", "Dropbox", "--reason", "second", "--latch")["hold"]["id"]
    shown = terminal.table("holds")
    assert "first" in shown and "second" in shown and latched in shown
    # The latch stands in the way, and the refusal says whose it is.
    said = terminal.table("resume", "1", code=1)
    assert "second" in said and latched in said and "override" in said, said
    refused = terminal.json("resume", "1", code=1)
    assert refused["type"].endswith(":hold-conflict")
    shown = terminal.table("holds", "release", latched, "--reason", "checked")
    assert "ended:" in shown and latched in shown
    assert terminal.json("resume", "1")["after"] == {"status": "uptodate"}
    assert terminal.json("holds") == {"holds": []}
    said = terminal.table("holds", "release", latched, code=1)
    assert "no such hold" in said.lower(), said


def test_schedules_come_back_as_they_were_shown(terminal):
    shown = terminal.table("schedule", "get", "4")
    before = expect(200, terminal.api.get("/nas/home/connections/4/schedule"))
    (terminal.directory / "week").write_text(shown)
    for arguments, stdin in ((["--week", "week"], None), (["--week", "-"], shown), (["--week", shown], None),
                             (["--week", "".join(before["schedule"])], None)):
        changed = terminal.json("schedule", "set", "1", *arguments, stdin=stdin)
        # Whether it applies stays.
        assert changed["after"] == {"enabled": False, "schedule": before["schedule"]}
        terminal.json("schedule", "set", "1", "--from-text", "sun 0-24")
    changed = terminal.json("schedule", "set", "1", "--enabled", "true")
    assert changed["after"] == {"enabled": True, "schedule": [OPEN] + [CLOSED] * 6}


def test_validation_only(shared):
    arguments = ["task", "create", "4", "--local-path", S3["local_path"], "--cloud-path", S3["cloud_path"],
                 "--validate-only"]
    with nothing_changes(shared.nas):
        assert shared.json(*arguments) == {"valid": True}
        assert "valid" in shared.table(*arguments)
        assert asked(shared.nas, "test_task_setting")
        arguments[arguments.index(S3["local_path"])] = "/no_such_share/x"
        done = shared.run("--output", "json", *arguments)
        assert done.returncode == 1 and json.loads(done.stdout)["valid"] is False, done
        shown = shared.table(*arguments, code=1)
        assert "402" in shown and "test_task_setting" in shown, shown


def test_freeze(shared):
    for verb, frozen in (("freeze", True), ("unfreeze", False)):
        with nothing_changes(shared.nas):
            assert shared.json(verb, "--reason", "drill", "--dry-run")["dry_run"] is True
            answer = shared.json(verb, "--reason", "drill")
        assert answer["frozen"] is frozen and answer["audit_id"] >= 1
        assert shared.json("decisions")["frozen"] is frozen
        record = shared.json("audit", "--limit", "1")["records"][0]
        assert (record["action"], record["reason"], record["target"]["kind"]) == (verb, "drill", "automation")
    assert "frozen" in shared.table("freeze") and "frozen" in shared.table("decisions")
    shared.table("unfreeze")


def test_reload(own):
    assert own.json("reload") == {"reloaded": True}
    assert "loaded" in own.table("reload")
    own.exporter.file.write_text(json.dumps({**own.config, "poll": {"interval": "1ms"}, "pol": {}}))
    said = own.table("reload", code=1)
    for word in ("poll.interval", "1s or longer", "pol"):
        assert word in said, said
    assert own.json("reload", code=1)["type"].endswith(":reload-failed")


def test_the_same_key_is_done_once(terminal):
    take(terminal.nas)
    first = terminal.json("pause", "1", "--reason", "x", "--idempotency-key", "ctl-1")
    again = terminal.json("pause", "1", "--reason", "x", "--idempotency-key", "ctl-1")
    assert again == first
    assert [method for method, _ in changes_among(take(terminal.nas))] == ["pause"]
    said = terminal.table("pause", "1", "--reason", "y", "--idempotency-key", "ctl-1", code=1)
    assert "belongs to another request" in said, said


# Exit codes


def test_refusals_are_1(terminal):
    with nothing_changes(terminal.nas):
        said = terminal.table("settings", "set", "1", "max_upload_speed=-1", "speed=3", code=1)
        assert "/max_upload_speed" in said and "/speed" in said, said
        assert terminal.json("config", "set", "worker_count=21", code=1)["type"].endswith(":invalid-body")
        assert "log_count" in terminal.table("config", "set", "log_count=100001", code=1)
        for name in ("4711", "No such cloud"):
            assert name in terminal.table("show", name, code=1)
        assert "4711" in terminal.table("task", "settings", "4711", code=1)
        said = terminal.table("unlink", "1", "--confirm", "Dropbx", code=1)
        assert "confirm" in said, said
        said = terminal.table("task", "create", "1", "--local-path", "/documents/x", "--cloud-path", "/x", code=1)
        assert "S3" in said, said
        said = terminal.table("pause", "1", "--reason", "x", "--for", "forever", code=1)
        assert "/for" in said and "forever" in said, said
        said = terminal.table("logs", "1", "--level", "fatal", code=1)
        assert "level" in said and "fatal" in said, said
        # Two connections have this name.
        said = terminal.table("show", "Google Drive", code=2)
        assert "3" in said and "5" in said, said


def test_what_the_nas_refuses_is_1(terminal):
    terminal.nas.fault({"code": 401}, "SYNO.CloudSync", "pause")
    said = terminal.table("pause", "1", "--reason", "x", code=1)
    assert "the NAS answered pause with code 401" in said and "audit record" in said, said
    assert terminal.json("pause", "1", "--reason", "x", code=1)["nas_code"] == 401
    terminal.nas.fault("hang", "SYNO.CloudSync", "resume")
    said = terminal.table("resume", "4", code=1)
    assert "may have done it" in said, said


def test_tokens(shared):
    said = shared.table("status", token=None, code=1)
    assert "--token-file" in said and "CLOUDSYNC_CTL_TOKEN" in said, said
    assert "--token-file" in shared.table("status", token="not-a-token-of-ours", code=1)
    assert "home" in shared.table("status", "--token-file", shared.token, token=None)
    assert "home" in shared.table("status", token=None, CLOUDSYNC_CTL_TOKEN_FILE=str(shared.token))
    said = shared.table("pause", "1", "--reason", "x", "--token-file", shared.token, token=None, code=1)
    assert "hold" in said and "reader" in said, said
    # The page of metrics is no admin listener.
    said = shared.table("status", url=shared.exporter.url, code=1)
    assert "admin" in said, said


def test_usage_is_2(shared):
    with nothing_changes(shared.nas):
        for arguments in (["pause", "1"], ["pause", "--reason", "x"], ["pause", "1", "--all", "--reason", "x"],
                          ["settings", "set", "1"], ["settings", "set", "1", "speed"], ["nonsense"], [],
                          ["schedule", "set", "1"], ["schedule", "set", "1", "--from-text", "someday 1-2"],
                          ["schedule", "set", "1", "--week", "no_such_file"], ["task", "settings", "x"],
                          ["settings", "set", "1", "task_name=a", "task_name=b"], ["completions", "tcl"],
                          ["unlink", "1"], ["task", "remove", "1"], ["status", "--token-file", "no_such_file"],
                          ["status", "--output", "xml"], ["--url", "ftp://localhost", "status"]):
            done = shared.run(*arguments)
            assert (done.returncode, done.stdout) == (2, ""), (arguments, done)
            assert done.stderr, arguments


def test_no_daemon_is_3(shared, stage):
    nobody = f"http://127.0.0.1:{closed_port()}"
    said = shared.table("status", url=nobody, code=3)
    assert "admin.enabled" in said and nobody in said, said
    assert shared.json("pause", "1", "--reason", "x", url=nobody, code=3)["title"] == "not reached"
    # Something else that answers.
    said = shared.table("reload", url=shared.nas.url, code=1)
    assert said


def test_several_nases(stage, tmp_path):
    first, second = stage.simulator(), stage.simulator()
    config = administrated(first.url, tmp_path)
    config["nas"]["office"] = {**config["nas"]["home"], "url": second.url}
    terminal = Terminal.__new__(Terminal)
    terminal.directory, terminal.nas = tmp_path, first
    terminal.exporter = start(stage, config).polled().polled("office")
    shown = terminal.table("status")
    assert "home" in shown and "office" in shown
    said = terminal.table("config", "get", code=2)
    assert "--nas" in said and "home" in said and "office" in said, said
    said = terminal.table("pause", "--all", "--reason", "x", code=2)
    assert "--nas" in said
    take(first)
    take(second)
    terminal.table("--nas", "office", "pause", "--all", "--reason", "x")
    assert not changes_among(take(first))
    assert [method for method, _ in changes_among(take(second))] == ["pause"]
    assert "6" in terminal.table("--nas", "office", "holds")
    assert terminal.json("--nas", "home", "holds") == {"holds": []}
    said = terminal.table("--nas", "nowhere", "config", "get", code=1)
    assert "nowhere" in said, said
    # Both know a connection of this name.
    assert terminal.run("show", "Dropbox").returncode == 2


def test_help_knows_every_command(shared):
    shown = shared.run("--help").stdout
    for command in ("status", "connections", "show", "settings", "schedule", "auth", "logs", "pause", "resume", "holds",
                    "audit", "config", "tasks", "task", "unlink", "activity", "poll", "freeze", "unfreeze", "decisions",
                    "reload", "openapi", "completions"):
        assert re.search(rf"^\s+{command}\b", shown, re.MULTILINE), command
