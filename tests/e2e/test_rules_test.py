"""`rules test`: what it says is what the daemon does, and it needs nothing that a repository of rules has not."""

import json
import time

import pytest

from support.acts import CAMERA, DROPBOX, GOOGLE, ONEDRIVE, holds, status
from support.admin import OPS, by_hash, expect
from support.alertmanager import rfc3339
from support.automation import (BY_LABELS, TOKEN, Automated, alert, by_name, decisions, notification, over, rule, send)
from support.exporter import write
from support.program import REPOSITORY, run
from support.wait import eventually

FIXTURES = REPOSITORY / "tests/it/automation/fixtures"
VERSIONS = sorted(file.name.removesuffix("-firing.json") for file in FIXTURES.glob("*-firing.json"))
assert len(VERSIONS) >= 3, VERSIONS


class Repository:
    """A directory with a configuration and recorded notifications, and nothing else."""

    def __init__(self, directory, config):
        self.directory = directory
        self.file = write(directory, config, "rules.yaml")
        self.recordings = []

    def record(self, body, received=None):
        """Adds a notification to those that are replayed."""
        name = f"{len(self.recordings) + 1}.json"
        recording = {"body": body, **({} if received is None else {"received": rfc3339(received)})}
        (self.directory / name).write_text(json.dumps(recording))
        self.recordings.append(name)
        return name

    def run(self, *arguments):
        return run("rules", "test", "--config.file", self.file, *arguments, "--webhook", *self.recordings,
                   directory=self.directory)

    def lines(self, *arguments):
        """What is shown as JSON."""
        done = self.run("--output", "json", *arguments)
        assert done.returncode == 0, done
        return [json.loads(line) for line in done.stdout.splitlines()]


RULES = {
    "named": rule('alertname="Named"', by_name("Dropbox", "Camera roll"), cooldown="1h"),
    "labelled": rule('alertname="Labelled"', BY_LABELS),
    "told": rule('alertname="Told"', BY_LABELS, action="notify"),
}
KEYS = ("alert", "fingerprint", "episode", "rule", "nas", "connection_id", "connection", "outcome", "guard", "mode")


def in_short(listed):
    """Decisions without what differs by the second and by who was first."""
    return sorted([tuple(one.get(key) for key in KEYS) for one in listed], key=str)


def test_it_says_what_the_daemon_does(stage, tmp_path):
    home = Automated(stage, RULES, max_held_share=0.34)
    known = run("ctl", "--output", "json", "--url", home.exporter.admin_url, "status", directory=tmp_path,
                CLOUDSYNC_CTL_TOKEN=OPS)
    assert known.returncode == 0, known
    repository = Repository(tmp_path / "rules", home.config)
    (repository.directory / "status.json").write_text(known.stdout)
    one, other = alert("Named", labels={"instance": "a"}), alert("Named", labels={"instance": "b"})
    scenes = [
        [one],
        [one, other],
        # Two of six are held, and more than that may not be.
        [alert("Labelled", ONEDRIVE), alert("Told"), alert("Other")],
        # One in error, and labels that lead nowhere.
        [alert("Labelled", GOOGLE), alert("Labelled", 99), alert("Labelled", labels={"nas": "home"}),
         alert("Labelled", labels={"nas": "attic", "conn_id": "1"}), alert("Labelled", labels={"conn_id": "1"})],
        [over(one)],
        # The last that supports the holds: they end, and what waited is done.
        [over(other)],
        [alert("Named", labels={"instance": "c"})],
    ]
    seen, outcomes = 0, set()
    for alerts in scenes:
        name = repository.record(notification(*alerts), received=time.time())
        expect(200, send(home.exporter, notification(*alerts)))
        lines = repository.lines("--connections", "status.json")
        foretold = [line for line in lines if line.get("file") == name]
        said = [line for line in foretold if line["type"] == "decision"]
        kept = {(line["rule"], line["connection_id"]) for line in foretold if line["type"] == "hold"}

        def happened():
            listed = [found for found in decisions(home.exporter) if found["id"] > seen]
            assert in_short(listed) == in_short(said), (listed, said)
            assert {(hold["rule"], hold["connection_id"]) for hold in holds(home.exporter)} == kept
            return listed

        listed = eventually(happened)
        seen = max([seen, *(found["id"] for found in listed)])
        outcomes |= {(line["outcome"], line.get("guard")) for line in said}
    assert outcomes == {("acted", None), ("joined", None), ("notified", None), ("unmatched", None), ("resolved", None),
                        ("blocked", "max_held_share"), ("blocked", "state"), ("blocked", "unknown_connection"),
                        ("blocked", "labels"), ("blocked", "cooldown")}
    assert status(home.nas, ONEDRIVE) == "pause" and status(home.nas, DROPBOX) == "uptodate"


def test_a_repository_of_rules_needs_no_secrets(tmp_path):
    config = {
        "nas": {"home": {"url": "https://nas.lan:5001", "username": "exporter", "password_file": "/run/secrets/none",
                         "tls": {"ca_file": "/etc/ssl/none.pem"}}},
        "admin": {"enabled": True, "tokens": {"am": {"token_file": "/run/secrets/none", "scopes": ["webhook"]}}},
        "automation": {"mode": "enforce", "rules": dict(RULES)},
    }
    repository = Repository(tmp_path, config)
    assert run("check-config", "--config.file", repository.file, directory=tmp_path).returncode == 64
    one = alert("Named", starts=1_800_000_000)
    repository.record(notification(one))
    repository.record(notification(over(one, ends=1_800_000_600)))
    shown = repository.run()
    assert shown.returncode == 0, shown
    assert "max_held_share is not looked at" in shown.stderr
    (tmp_path / "expected.txt").write_text(shown.stdout)
    same = repository.run("--expect", "expected.txt")
    assert (same.returncode, same.stdout) == (0, "everything is as expected.txt says\n"), same
    config["automation"]["rules"]["named"] = rule('alertname="Named"', by_name("Dropbox"), lease="2h")
    write(tmp_path, config, "rules.yaml")
    changed = repository.run("--expect", "expected.txt")
    assert changed.returncode == 1
    gone = [line for line in changed.stdout.splitlines() if line.startswith("-") and "Camera roll" in line]
    assert len(gone) == 3, changed.stdout
    # A configuration that is bad is so here as well.
    config["automation"]["rules"]["named"]["select"] = by_name() | {"nas": "attic"}
    write(tmp_path, config, "rules.yaml")
    bad = repository.run("--expect", "expected.txt")
    assert (bad.returncode, bad.stdout) == (64, ""), bad
    for key in ("automation.rules.named.select.nas: ", "automation.rules.named.select.connections: "):
        assert key in bad.stderr, bad.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_what_real_alertmanagers_sent(tmp_path, version):
    config = {
        "nas": {"home": {"url": "https://nas.lan:5001", "username": "exporter"}},
        "admin": {"enabled": True, "tokens": {"narrow": by_hash(TOKEN, ["webhook"], connections=[str(CAMERA)])}},
        "automation": {"rules": {"gauge": rule(['alertname="DemoGaugeHigh"', 'nas="ds920"'],
                                               by_name(str(DROPBOX), str(CAMERA)))}},
    }
    repository = Repository(tmp_path, config)
    repository.recordings = [FIXTURES / f"{version}-{what}.json" for what in ("firing", "firing", "resolved", "firing")]
    lines = repository.lines()
    said = [(line["outcome"], line.get("connection_id")) for line in lines if line["type"] == "decision"]
    assert sorted(said[:2]) == [("acted", DROPBOX), ("acted", CAMERA)]
    assert said[2:] == [("resolved", None), ("stale", None)], said
    assert [line["connection_id"] for line in lines if line["type"] == "release"] == [DROPBOX, CAMERA]
    narrow = repository.lines("--token", "narrow")
    said = [(line["outcome"], line.get("guard"), line.get("connection_id")) for line in narrow
            if line["type"] == "decision"]
    assert said[:2] == [("blocked", "token", DROPBOX), ("acted", None, CAMERA)], said


def test_what_is_no_notification_fails_and_the_others_go_on(tmp_path):
    repository = Repository(tmp_path, {"nas": {"home": {"url": "https://nas.lan:5001", "username": "exporter"}},
                                       "automation": {"rules": RULES}})
    repository.record(notification(alert("Named")))
    repository.recordings = [FIXTURES / f"{VERSIONS[0]}-alerts.json", *repository.recordings, "none.json"]
    done = repository.run()
    assert done.returncode == 1
    assert f"{VERSIONS[0]}-alerts.json: the body is malformed" in done.stderr and "none.json: " in done.stderr
    assert "acted" in done.stdout
