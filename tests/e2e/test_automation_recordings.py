"""What real Alertmanagers sent, as they sent it: each episode acts once, whatever comes twice or late."""

import json

import pytest

from support.acts import CAMERA, DROPBOX, holds, sent, status
from support.admin import expect
from support.automation import (Automated, becomes, by_name, decisions, holding, polls, released, rule, send, told)
from support.program import REPOSITORY

pytestmark = pytest.mark.at_once

FIXTURES = REPOSITORY / "tests/it/automation/fixtures"
# In the order of their episodes.
VERSIONS = sorted(file.name.removesuffix("-firing.json") for file in FIXTURES.glob("*-firing.json"))
assert len(VERSIONS) >= 3, VERSIONS
RULES = {
    "gauge": rule(['alertname="DemoGaugeHigh"', 'severity=~"critical|page"', 'nas="ds920"'], by_name("Dropbox")),
    "wan": rule('alertname="WAN saturated"', by_name("Camera roll")),
}
# What the connection has of its own.
OWN = {"host", "content-length"}


def recorded(name):
    """A recording's headers and body."""
    recording = json.loads((FIXTURES / f"{name}.json").read_text())
    headers = {key: value for key, value in recording.get("headers", {}).items() if key.lower() not in OWN}
    return headers, recording["body"]


def post(home, name):
    headers, body = recorded(name)
    answer = expect(200, send(home.exporter, body, headers=headers))
    assert answer == {"accepted": len(body["alerts"]), "malformed": 0}
    return body["alerts"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version(stage, version):
    home = Automated(stage, RULES)
    fired, = post(home, f"{version}-firing")
    hold = holding(home.exporter, DROPBOX, "gauge")
    assert hold["reason"] == "rule gauge: alert DemoGaugeHigh" and hold["kind"] == "alert"
    post(home, f"{version}-firing")
    becomes(home.exporter, "DemoGaugeHigh", "acted")
    decision, = decisions(home.exporter)
    assert decision["fingerprint"] == fired["fingerprint"]
    assert (decision["nas"], decision["connection_id"], decision["connection"]) == ("home", DROPBOX, "Dropbox")
    assert decision["episode"] == hold["episode"] and decision["mode"] == "enforce"
    post(home, f"{version}-resolved")
    released(home.exporter, DROPBOX)
    for late in ("resolved", "firing", "firing", "resolved"):
        post(home, f"{version}-{late}")
    polls(home.exporter)
    assert holds(home.exporter) == [] and status(home.nas, DROPBOX) == "uptodate"
    assert (told(home.nas, "pause", DROPBOX), told(home.nas, "resume", DROPBOX)) == (1, 1)
    kinds = [one["outcome"] for one in decisions(home.exporter, "DemoGaugeHigh")][::-1]
    assert kinds[:2] == ["acted", "resolved"] and set(kinds[2:]) <= {"stale"}, kinds


def test_episodes_one_after_the_other(stage):
    """The recordings are of one alert, which began later each time."""
    home = Automated(stage, RULES)
    episodes = set()
    for version in VERSIONS:
        for _ in range(2):
            post(home, f"{version}-firing")
        episodes.add(holding(home.exporter, DROPBOX)["episode"])
        # A cluster's other half is late.
        for earlier in VERSIONS[:VERSIONS.index(version)]:
            post(home, f"{earlier}-resolved")
        polls(home.exporter)
        assert status(home.nas, DROPBOX) == "pause"
        for _ in range(2):
            post(home, f"{version}-resolved")
        released(home.exporter, DROPBOX)
    assert len(episodes) == len(VERSIONS)
    assert (told(home.nas, "pause", DROPBOX), told(home.nas, "resume", DROPBOX)) == (3, 3)


def test_an_end_that_overtakes_its_beginning(stage):
    home = Automated(stage, RULES)
    post(home, "0.33.1-resolved")
    post(home, "0.33.1-firing")
    becomes(home.exporter, "DemoGaugeHigh", "stale")
    polls(home.exporter)
    assert holds(home.exporter) == [] and sent(home.nas, "pause") == []


def test_grafana(stage):
    home = Automated(stage, RULES)
    fired, _ = post(home, "grafana-11")
    hold = holding(home.exporter, CAMERA, "wan")
    decision = becomes(home.exporter, "WAN saturated", "acted")
    assert decision["fingerprint"] == fired["fingerprint"] and decision["episode"] == hold["episode"]
    headers, body = recorded("grafana-11")
    body["alerts"][0] |= {"status": "resolved", "endsAt": "2026-11-23T10:43:40.1+01:00"}
    expect(200, send(home.exporter, body, headers=headers))
    released(home.exporter, CAMERA)
    assert status(home.nas, CAMERA) == "syncing"
