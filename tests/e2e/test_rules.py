"""The rules of deploy/prometheus before a real Prometheus: each alert fires when it is to, and none when all is well."""

import re
import subprocess

import pytest
import yaml

from support import rules
from support.admin import administrated, start
from support.automation import TOKEN, by_hash
from support.conditions import Conditions
from support.program import BINARY, environment
from support.wait import eventually

ALERTS = rules.alerts()
# The one place of this address: rules cannot share a text.
RUNBOOKS = "https://github.com/cloudsync-exporter/cloudsync-exporter/blob/main/deploy/runbooks/"
PAGES = {page.name: page.read_text() for page in sorted((rules.DEPLOY / "runbooks").glob("*.md"))}
SEVERITIES = {"critical", "warning", "info", "none"}
WATCHDOG = "CloudSyncWatchdog"

def of_groups(*names):
    return {rule["alert"] for group in rules.groups() if group["name"] in names for rule in group["rules"]}


OF_NASES = of_groups("cloudsync-nas") | {"CloudSyncActionsFail"}
OF_CONNECTIONS = of_groups("cloudsync-connections", "cloudsync-holds") - OF_NASES

# What the conditions cannot have; promtool's tests have it.
NOT_HERE = {
    "CloudSyncExporterFault": "nothing that a NAS sends makes a poll panic",
    "CloudSyncNasUnwatched": "every NAS of the conditions has its exporter all the time",
    "CloudSyncExporterAbsent": "there are exporters; a Prometheus without any has it below",
}
# What the demo shows on purpose.
OF_THE_DEMO = {"CloudSyncTaskNeverHeals", "CloudSyncConnectionError", "CloudSyncQuotaNearlyFull", "CloudSyncQuotaFilling",
               "CloudSyncVolumeNearlyFull", "CloudSyncPauseWithoutOwner"}


@pytest.mark.parametrize("name", ALERTS)
def test_form(name):
    alert = ALERTS[name]
    assert re.fullmatch(r"CloudSync[A-Z][A-Za-z]+", name)
    assert alert["labels"]["severity"] in SEVERITIES
    notes = alert["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url"}
    for text in ("summary", "description"):
        assert notes[text].endswith("."), notes[text]
    # What to do takes more words than what is.
    assert len(notes["description"]) > len(notes["summary"]) or name == WATCHDOG
    url = notes["runbook_url"]
    assert url.startswith(RUNBOOKS), url
    page, anchor = url.removeprefix(RUNBOOKS).split("#")
    assert rules.anchors(PAGES[page]).get(anchor) == name, f"{page} has no section {name}"


def section(page, name):
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGES[page], re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize("page", PAGES)
def test_sections_are_of_alerts_and_say_all(page):
    for name in re.findall(r"^## (.+)$", PAGES[page], re.MULTILINE):
        assert name in ALERTS, f"{page}: {name} is no alert"
        for part in ("**What it means.**", "**Look at.**", "**Do.**", "**For good.**"):
            assert part in section(page, name), f"{page}: {name} lacks {part}"


def commands():
    """Commands of ctl that rules and runbooks name."""
    texts = [*PAGES.values(), *(file.read_text() for file in rules.FILES)]
    pattern = r"cloudsync-exporter\s+ctl\s+(?:--nas\s+(?:\{\{[^}]*\}\}|\w+)\s+)?([a-z]+)(?:\s+(set|release|list|show))?"
    return sorted({tuple(filter(None, found)) for text in texts for found in re.findall(pattern, text)})


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_commands_are_there(command):
    done = subprocess.run([BINARY, "ctl", *command, "--help"], env=environment(), capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_promtool_tests_cover_it(name):
    """Each alert is shown firing, not firing, and not flapping. promtool itself runs them in tests/run."""
    tests = [test for file in (rules.PROMETHEUS / "tests").glob("*.yml")
             for test in yaml.safe_load(file.read_text())["tests"]]
    names = {test["name"] for test in tests}
    wanted = {f"{name} fires"} if name == WATCHDOG else {
        f"{name} fires", f"{name} does not fire", f"{name} does not flap"}
    assert wanted <= names, wanted - names
    for test in tests:
        if test["name"].startswith(f"{name} "):
            assert f'alertname="{name}"' in str(test.get("promql_expr_test")) or any(
                one["alertname"] == name for one in test.get("alert_rule_test", [])), test["name"]


def firing(prometheus):
    """The alerts that fire, by name."""
    found = {}
    for alert in prometheus.api("alerts")["alerts"]:
        found.setdefault(alert["labels"]["alertname"], []).append(alert)
    return found


def ever(prometheus):
    """The names of the alerts that fired at any time, since the first scrape."""
    found = {labels["alertname"] for labels, _ in prometheus.query('max_over_time(ALERTS{alertstate="firing"}[5m])')}
    return found - ({"CloudSyncExporterAbsent"} - firing(prometheus).keys())


def healthy_rules(prometheus):
    """Every rule could be evaluated: none has a match of many to many."""
    for group in prometheus.api("rules")["groups"]:
        for rule in group["rules"]:
            assert rule["health"] == "ok", (rule["name"], rule.get("lastError"))


@pytest.fixture(scope="module")
def conditions(shared_stage):
    return Conditions(shared_stage, groups=rules.hurried())


@pytest.mark.parametrize("name", ALERTS)
def test_fires_when_it_is_to(conditions, name):
    if name in NOT_HERE:
        assert name not in firing(conditions.prometheus), "it can be had after all"
        return

    def fires():
        assert name in firing(conditions.prometheus)

    eventually(fires)
    for alert in firing(conditions.prometheus)[name]:
        labels, notes = alert["labels"], alert["annotations"]
        for text in notes.values():
            assert not re.search(r"\{\{|<no value>|<error", text), text
        if name in OF_NASES:
            assert labels["nas"] in notes["summary"], labels
        if name in OF_CONNECTIONS:
            # What the exporter's own rules go by, and what people read.
            assert labels["nas"] and labels["conn_id"], labels
            assert labels["name"] in notes["summary"]


def test_every_rule_works_where_a_nas_is_scraped_twice(conditions):
    assert conditions.prometheus.query('count by (nas) (cloudsync_connections{nas="tired"}) == 2')
    eventually(lambda: healthy_rules(conditions.prometheus))


@pytest.mark.parametrize("name", rules.records())
def test_records_have_data(conditions, name):
    # Without a past there is nothing to compare with: this needs half an hour.
    if name == "cloudsync:connection_deletions:usual10m":
        assert not conditions.prometheus.query(name)
        return

    def recorded():
        assert conditions.prometheus.query(name)

    eventually(recorded)


def test_reasons_are_told(conditions):
    def told():
        found = firing(conditions.prometheus)
        down = ("CloudSyncNasDown", "CloudSyncCertificateRefused", "CloudSyncLoginRefused", "CloudSyncPackageUnusable")
        reasons = {alert["labels"]["nas"]: alert["annotations"]["description"] for name in down for alert in found[name]}
        wanted = {labels["nas"]: labels["reason"] for labels, _ in
                  conditions.prometheus.query("cloudsync_down_reason == 1")}
        assert reasons.keys() == wanted.keys()
        for nas, reason in wanted.items():
            assert reason == "tls" or f"(reason: {reason})" in reasons[nas], reasons[nas]

    eventually(told)


def test_no_exporter_at_all(stage):
    prometheus = stage.prometheus([], groups=rules.hurried())
    eventually(lambda: _is(prometheus, {"CloudSyncExporterAbsent", WATCHDOG}))


def _is(prometheus, names):
    assert set(firing(prometheus)) == names


def _scraped_often(prometheus, job):
    """Long enough that what would fire without waiting has fired."""
    assert prometheus.value(f'min(count_over_time(cloudsync_connections{{job="{job}"}}[5m]))') >= 12
    assert prometheus.query(f'count_over_time(cloudsync_connection_quota_used_bytes{{job="{job}"}}[5m]) >= 12')
    healthy_rules(prometheus)


def test_nothing_fires_when_all_is_well(stage, tmp_path):
    """The demo's world, moving, with its troubles healed, before an exporter that has everything."""
    nas = stage.simulator(0, "--moving")
    # An error, a stalled upload, a quota and a volume that are nearly full, a pause.
    nas.ask("POST", "/task", {"id": 3, "error": 0, "status": "uptodate"})
    nas.ask("POST", "/connection", {"id": 3, "error": 0, "status": "uptodate", "quota_total": 1 << 40})
    nas.ask("POST", "/connection", {"id": 5, "quota_total": 1 << 40})
    nas.ask("POST", "/transfer", {"task": 5, "path": '/photos/camera/2026/Clip "birthday".MOV', "stalled": False})
    nas.ask("POST", "/volume", {"mount_point": "/volume2", "size_free": 500 << 30})
    nas.call("resume", connection_id=4)
    tokens = {"alertmanager": by_hash(TOKEN, ["webhook"])}
    exporter = start(stage, administrated(nas.url, tmp_path / "admin", tokens))
    exporter.polled()
    prometheus = stage.prometheus([{"job_name": "cloudsync", "static_configs": [
        {"targets": [exporter.url.removeprefix("http://")]}]}], groups=rules.hurried())
    eventually(lambda: _scraped_often(prometheus, "cloudsync"))
    _is(prometheus, {WATCHDOG})
    assert ever(prometheus) == {WATCHDOG}


def test_the_demo_shows_what_it_is_for_and_no_more(stage):
    demo = stage.demo()
    prometheus = stage.prometheus([{"job_name": "cloudsync", "static_configs": [
        {"targets": [demo.url.removeprefix("http://")]}]}], groups=rules.hurried())
    eventually(lambda: _scraped_often(prometheus, "cloudsync"))
    found = ever(prometheus)
    # It fills up sooner or later.
    assert found - {"CloudSyncQuotaFilling"} == OF_THE_DEMO - {"CloudSyncQuotaFilling"} | {WATCHDOG}
