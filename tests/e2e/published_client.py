#!/usr/bin/env python3
"""The published client synology-api 0.9.4 against a running simulated NAS.

    python published_client.py HOST PORT CONTROL_URL

All 20 of its CloudSync methods that work against a real NAS are called as its users call them; answers are compared
with the simulator's world as its HTTP control shows it, and so are the effects of setters and actions. The session is
handed to the client: its own login over plain HTTP encrypts in a way that the simulator does not speak.

Prints one line a method and a closing line "N passed, N failed"; the exit code is 0 when none failed. The world must
have at least two connections and a task; it is changed on the way.
"""

import json
import sys
import urllib.request

from synology_api.auth import Authentication
from synology_api.base_api import BaseApi
from synology_api.cloud_sync import CloudSync


class Control:
    """The simulator's HTTP control."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def world(self):
        return self.ask("GET", "/world")

    def connection(self, conn_id):
        return next((c for c in self.world()["connections"] if c["id"] == conn_id), None)

    def task(self, sess_id):
        tasks = [task for c in self.world()["connections"] for task in c["tasks"]]
        return next((task for task in tasks if task["sess_id"] == sess_id), None)


class Checks:
    """Runs each check, prints its line, counts."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, name, check):
        try:
            check()
        except Exception as error:  # one method's failure must not hide the others'
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}")
        else:
            self.passed += 1
            print(f"ok   {name}")


def equal(left, right):
    if left != right:
        raise AssertionError(f"{left!r} is not {right!r}")


def data(answer):
    equal(answer["success"], True)
    return answer["data"]


def done(answer):
    equal(answer, {"success": True})


def log_in(host, port, control):
    session = control.ask("POST", "/session")
    auth = Authentication(host, port, "demo", "demo", debug=False)
    auth._sid = session["sid"]
    auth._syno_token = session["synotoken"]
    auth._session_expire = False
    auth.get_api_list("Core")
    auth.get_api_list()
    BaseApi.shared_session = auth
    return CloudSync(host, port, "demo", "demo")


def getters(checks, client, control):
    world = control.world()
    first = next(c for c in world["connections"] if c["tasks"])
    conn, task = first["id"], first["tasks"][0]
    keys = ("id", "status", "task_name", "type", "type_id", "unfinished_files", "user_id", "user_name")

    def connections():
        answer = data(client.get_connections())
        wanted = [{key: c[key] for key in keys} for c in world["connections"]]
        equal([{key: c[key] for key in keys} for c in answer["conn"]], wanted)
        equal(answer["total"], len(wanted))
        grouped = data(client.get_connections(group_by="group_by_cloud_type"))
        equal(sorted(c["id"] for c in grouped["conn"]), sorted(c["id"] for c in wanted))

    def auth():
        answer = data(client.get_connection_auth(conn))
        equal((answer["conn_id"], answer["client_type"]), (conn, first["type"]))
        equal(len(answer), 33)

    def logs():
        answer = data(client.get_connection_logs(conn))
        equal(answer["total"], first["log_rows"])
        times = [row["time"] for row in answer["items"]]
        equal(times, sorted(times, reverse=True))
        page = data(client.get_connection_logs(conn, limit=1, offset=1))
        equal(page["items"], answer["items"][1:2])
        none = data(client.get_connection_logs(conn, keyword="no such file", date_from=1, log_level=0, action=1))
        equal(none, {"items": [], "total": 0})

    def tasks():
        answer = data(client.get_tasks(conn))
        equal([t["sess_id"] for t in answer["sess"]], [t["sess_id"] for t in first["tasks"]])
        equal(answer["sess"][0]["local_sync_path"], task["local_sync_path"])

    def folders():
        answer = data(client.get_task_cloud_folders(task["sess_id"], task["remote_folder_id"]))
        equal([sorted(child) for child in answer["children"]],
              [["exists_type", "file_id", "path", "text"]] * len(answer["children"]))
        if not answer["children"]:
            raise AssertionError("the task has no folders")

    def recent():
        answer = data(client.get_recently_modified())
        equal([item["path"] for item in answer["processing_items"]], [t["path"] for t in world["transfers"]])
        equal(len(answer["history_items"]), 5)

    checks.run("get_pkg_config", lambda: equal(data(client.get_pkg_config()), world["config"]))
    checks.run("get_connections", connections)
    checks.run("get_connection_settings",
               lambda: equal(data(client.get_connection_settings(conn)), first["settings"]))
    checks.run("get_connection_information",
               lambda: equal(data(client.get_connection_information(conn)), first["property"]))
    checks.run("get_connection_auth", auth)
    checks.run("get_connection_logs", logs)
    checks.run("get_tasks", tasks)
    checks.run("get_task_filters",
               lambda: equal(data(client.get_task_filters(task["sess_id"])), task["filters"]))
    checks.run("get_task_cloud_folders", folders)
    checks.run("get_recently_modified", recent)


def setters(checks, client, control):
    first = next(c for c in control.world()["connections"] if c["tasks"])
    conn, sess = first["id"], first["tasks"][0]["sess_id"]

    def pkg_config():
        done(client.set_pkg_config("/volume1", log_count=12345, workers=4, admin_mode=False))
        config = control.world()["config"]
        equal((config["log_count"], config["worker_count"], config["admin_mode"]), (12345, 4, "disable"))
        done(client.set_pkg_config("/volume2"))
        config = control.world()["config"]
        equal((config["repo_vol_path"], config["log_count"], config["worker_count"], config["admin_mode"]),
              ("/volume2", 20000, 3, "enable"))

    def relink():
        for flag in (True, False):
            done(client.set_relink_behavior(flag))
            equal(control.world()["config"]["sync_mode"], flag)

    def connection_settings():
        done(client.set_connection_settings(conn, "A new name", pull_event_period=300, max_upload_speed=512,
                                            max_download_speed=1024, storage_class="STANDARD", isSSE=True,
                                            part_size=64))
        settings = control.connection(conn)["settings"]
        equal({key: settings[key] for key in ("task_name", "pull_event_period", "max_upload_speed",
                                              "max_download_speed", "storage_class", "isSSE", "part_size")},
              {"task_name": "A new name", "pull_event_period": 300, "max_upload_speed": 512,
               "max_download_speed": 1024, "storage_class": "STANDARD", "isSSE": True, "part_size": 64})
        done(client.set_connection_settings(conn, "A new name"))
        settings = control.connection(conn)["settings"]
        equal((settings["storage_class"], settings["part_size"], settings["max_upload_speed"]), ("", 128, 0))

    def schedule():
        days = ["0" * 24, *["1" * 24] * 5, "01" * 12]
        done(client.set_connection_schedule(conn, True, days))
        settings = control.connection(conn)["settings"]
        equal((settings["is_enabled_schedule"], settings["schedule_info"]), (True, "".join(days)))
        done(client.set_connection_schedule(conn, False))
        settings = control.connection(conn)["settings"]
        equal((settings["is_enabled_schedule"], settings["schedule_info"]), (False, "1" * 168))

    def task_settings():
        done(client.set_task_settings(sess, "ONLY_UPLOAD", consistency_check=False, no_delete_on_cloud=False,
                                      convert_gd=True))
        settings = control.task(sess)["settings"]
        equal((settings["sync_direction"], settings["sync_attr_check_option"], settings["no_delete"],
               settings["google_drive_convert_online_doc"]), ("ONLY_UPLOAD", False, False, True))

    def task_filters():
        done(client.set_task_filters(sess, ["/images", "/a b"], ["Thumbs.db"], ["iso", "mkv"], 1048576))
        equal(control.task(sess)["filters"],
              {"filtered_paths": ["/images", "/a b"], "filtered_names": ["Thumbs.db"],
               "filtered_extensions": ["iso", "mkv"], "user_defined_names": ["Thumbs.db"],
               "user_defined_extensions": ["iso", "mkv"], "filtered_max_upload_size": 1048576})

    checks.run("set_pkg_config", pkg_config)
    checks.run("set_relink_behavior", relink)
    checks.run("set_connection_settings", connection_settings)
    checks.run("set_connection_schedule", schedule)
    checks.run("set_task_settings", task_settings)
    checks.run("set_task_filters", task_filters)


def actions(checks, client, control):
    first, second = control.world()["connections"][:2]

    def statuses():
        return {c["id"]: c["status"] for c in control.world()["connections"]}

    def pause():
        done(client.connection_pause(first["id"]))
        equal(statuses()[first["id"]], "pause")
        done(client.connection_pause())
        equal(set(statuses().values()), {"pause"})

    def resume():
        done(client.connection_resume(first["id"]))
        equal((statuses()[first["id"]] != "pause", statuses()[second["id"]]), (True, "pause"))
        done(client.connection_resume())
        equal("pause" in statuses().values(), False)

    def task_remove():
        sess = first["tasks"][0]["sess_id"]
        done(client.task_remove(first["id"], sess))
        equal(control.task(sess), None)

    def connection_remove():
        done(client.connection_remove(second["id"]))
        equal(control.connection(second["id"]), None)

    checks.run("connection_pause", pause)
    checks.run("connection_resume", resume)
    checks.run("task_remove", task_remove)
    checks.run("connection_remove", connection_remove)


def main(host, port, control_url):
    control = Control(control_url)
    control.ask("POST", "/moving", {"moving": False})
    client = log_in(host, port, control)
    checks = Checks()
    getters(checks, client, control)
    setters(checks, client, control)
    actions(checks, client, control)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 0 if checks.failed == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
