"""What the tests of actions have in common: the demo's connections, a daemon that several tests share, an end without
mercy, and a state file that cannot be written."""

import contextlib
import datetime
import json
import sqlite3

from support.admin import administrated, asked, expect, start
from support.wait import eventually

# The demo's connections by their ids; each has the task of the same id. S3 was paused by a person.
DROPBOX, ONEDRIVE, GOOGLE, S3, CAMERA, WEBDAV = range(1, 7)
CLOUD_SYNC = "SYNO.CloudSync"


def connection(number, rest=""):
    return f"/nas/home/connections/{number}{rest}"


def task(number, rest=""):
    return f"/nas/home/tasks/{number}{rest}"


def world_of(nas, number):
    """A connection as the simulated NAS has it."""
    return next(one for one in nas.ask("GET", "/world")["connections"] if one["id"] == number)


def status(nas, number):
    return world_of(nas, number)["status"]


def task_of(nas, number):
    """A task as the simulated NAS has it."""
    return next(one for each in nas.ask("GET", "/world")["connections"] for one in each["tasks"]
                if one["sess_id"] == number)


def sent(nas, method):
    """The parameters of each call of a method, as JSON values; `api`, `version` and the like are left out."""
    own = {"api", "method", "version", "_sid"}
    return [{name: json.loads(value) if isinstance(value, str) else value
             for name, value in params.items() if name not in own} for params in asked(nas, method)]


def forget(nas):
    """Has the simulator forget what it was asked."""
    nas.ask("DELETE", "/requests")


def holds(exporter, **query):
    return expect(200, exporter.admin.get("/holds", **query))["holds"]


def audit(exporter, **query):
    return expect(200, exporter.admin.get("/audit", **query))["records"]


def record(exporter, number):
    """The audit record of a number."""
    page = audit(exporter, before=number + 1, limit=1)
    assert page and page[0]["id"] == number, page
    return page[0]


def pause(exporter, number, **body):
    """The hold of a pause that went well."""
    reply = exporter.admin.post(connection(number, "/pause"), {"reason": "a test", **body})
    return expect(200, reply)["hold"]


def paused_by_a_person(nas, number):
    nas.call("pause", connection_id=number)
    assert status(nas, number) == "pause"


def ended(exporter, hold):
    """Waits until a hold is gone."""

    def gone():
        assert hold["id"] not in [one["id"] for one in holds(exporter)]

    eventually(gone)


def shows(nas, number, word):
    """Waits until the NAS shows a connection in this state; `running` is any but paused."""

    def shown():
        found = status(nas, number)
        assert found != "pause" if word == "running" else found == word, found

    eventually(shown)


def seconds(text):
    """A time of the API in seconds since 1970."""
    return datetime.datetime.fromisoformat(text).timestamp()


def kill(exporter):
    """What a power failure does to it."""
    exporter.process.child.kill()
    exporter.process.wait(within=30)
    # It is meant: stopping it must not find fault with it.
    exporter.process.child.returncode = 0


def state_file(exporter):
    return json.loads(exporter.file.read_text())["state_file"]


@contextlib.contextmanager
def database(file):
    """The state file below a running daemon."""
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as opened:
        yield opened
        opened.commit()


@contextlib.contextmanager
def without_audit(exporter):
    """The audit can be neither written nor read meanwhile."""
    with database(state_file(exporter)) as opened:
        opened.execute("ALTER TABLE audit RENAME TO audit_away")
    try:
        yield
    finally:
        with database(state_file(exporter)) as opened:
            opened.execute("ALTER TABLE audit_away RENAME TO audit")


class Home:
    """A simulated NAS and a daemon, for several tests."""

    def __init__(self, stage, **sections):
        self.nas = stage.simulator()
        self.exporter = start(stage, administrated(self.nas.url, stage.directory / "admin", **sections)).polled()
        self.admin = self.exporter.admin

    def settle(self):
        """Makes it again what it was: no faults, no holds, S3 alone paused."""
        self.nas.heal()
        self.nas.change(ignores_pause=False)
        expect(200, self.admin.post("/nas/home/resume", {"all": True, "override": True}))
        eventually(self._is_free)
        self.nas.call("pause", connection_id=S3)
        forget(self.nas)

    def _is_free(self):
        # One whose pause never showed is watched for as long as that may come.
        assert holds(self.exporter) == []
