"""deploy/alertmanager/alertmanager.yml: who hears of what, what keeps quiet beside what, and that its heartbeat and its
alerts reach the exporter."""

import re
import subprocess
import time

import pytest
import yaml

from support import rules
from support.acts import DROPBOX
from support.alertmanager import Alertmanager
from support.automation import BY_LABELS, TOKEN, Automated, becomes, rule
from support.wait import eventually

FILE = rules.DEPLOY / "alertmanager" / "alertmanager.yml"
EXAMPLE = yaml.safe_load(FILE.read_text())
ALERTS = rules.alerts()
EXPORTER, PEOPLE, ON_CALL, NOBODY = "cloudsync_exporter", "people", "on_call", "nobody"
# What the exporter's rules may act on.
TO_RULES = {"CloudSyncMassDeletion", "CloudSyncThrottled", "CloudSyncQuotaFull", "CloudSyncVolumeNearlyFull"}
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


def receivers(**labels):
    """Who hears of an alert, as amtool says."""
    done = subprocess.run(["amtool", "config", "routes", "test", f"--config.file={FILE}",
                           *(f"{name}={value}" for name, value in labels.items())],
                          text=True, capture_output=True, check=True, timeout=60)
    return done.stdout.strip().split(",")


@pytest.mark.parametrize("name", ALERTS)
def test_who_hears_of_it(name):
    severity = ALERTS[name]["labels"]["severity"]
    people = {"critical": [ON_CALL], "warning": [PEOPLE], "info": [NOBODY], "none": []}[severity]
    hook = [EXPORTER] if name in TO_RULES or name == "CloudSyncWatchdog" else []
    assert receivers(alertname=name, severity=severity, nas="home", conn_id="1") == hook + people


def test_others_are_not_taken():
    assert receivers(alertname="DiskFull", severity="critical") == [PEOPLE]
    assert receivers(alertname="WanSaturated", severity="critical") == [EXPORTER, PEOPLE]


def test_times_go_with_the_rules():
    """Repeats come well within a lease, and the heartbeat within what CloudSyncWebhookSilent waits for."""
    default = (rules.DEPLOY / "default-config.yaml").read_text()
    lease = seconds(re.search(r"lease: (\w+)", default)[1])
    hooks = [route for route in EXAMPLE["route"]["routes"] if route["receiver"] == EXPORTER]
    heartbeat, acting = hooks
    for route in hooks:
        assert seconds(route["repeat_interval"]) + seconds(route["group_interval"]) < lease / 2
    limit = int(re.search(r"> (\d+)$", ALERTS["CloudSyncWebhookSilent"]["expr"].strip())[1])
    assert 2 * seconds(heartbeat["repeat_interval"]) + seconds(heartbeat["group_interval"]) < limit
    # Each connection is a notification of its own.
    assert {"nas", "conn_id"} <= set(acting["group_by"]) and acting["continue"]


def test_names_are_of_alerts():
    """Every alert that a matcher names exists; of alternatives each."""
    known = {*ALERTS, "WanSaturated", "CloudSync.+"}
    for matcher in re.findall(r"alertname(?:=|=~|!~)\"([^\"]+)\"", FILE.read_text()):
        for pattern in re.split(r"\|(?![^(]*\))", matcher):
            head, _, rest = pattern.partition("(")
            inner, _, tail = rest.partition(")")
            for name in ([head + one + tail for one in inner.split("|")] if rest else [head]):
                assert name in known, name


class Example(Alertmanager):
    """An Alertmanager with the example, whose webhook is at `hook` and whose intervals are a second."""

    def use(self, hook, token):
        text = re.sub(r"(group_wait|group_interval|repeat_interval): \w+", r"\1: 1s", FILE.read_text())
        text = text.replace("http://exporter.lan:9843", hook).replace("/etc/alertmanager/cloudsync-token", str(token))
        (self.directory / "alertmanager.yml").write_text(text)
        self._reload()


@pytest.fixture(scope="module")
def example(shared_stage):
    token = shared_stage.directory / "token"
    token.write_text(TOKEN + "\n")
    taken = rule('alertname="CloudSyncMassDeletion"', BY_LABELS, latch=True)
    home = Automated(shared_stage, {"mass_deletion": taken})
    running = shared_stage.start(Example)
    running.use(home.exporter.admin_url, token)
    running.home = home
    return running


def test_alerts_and_heartbeat_reach_the_rules(example):
    exporter = example.home.exporter
    now = time.time()
    example.fire(now, now + 600, alertname="CloudSyncWatchdog", severity="none")
    becomes(exporter, "CloudSyncWatchdog", "unmatched")
    example.fire(now, now + 600, alertname="CloudSyncMassDeletion", severity="critical", nas="home",
                 conn_id=str(DROPBOX), name="Dropbox")
    assert becomes(exporter, "CloudSyncMassDeletion", "acted")["connection_id"] == DROPBOX
    before = exporter.metrics().value("cloudsync_webhook_notifications_total")

    def again():
        assert exporter.metrics().value("cloudsync_webhook_notifications_total") > before + 1

    eventually(again)


HERE = {"nas": "one", "conn_id": "1"}
ELSEWHERE = {"nas": "two", "conn_id": "1"}
# What keeps quiet while the first fires.
QUIET = [
    ("CloudSyncNasDown", "CloudSyncDataStale"),
    ("CloudSyncLoginRefused", "CloudSyncLoginSuspended"),
    ("CloudSyncPackageUnusable", "CloudSyncDesiredStateNotReached"),
    ("CloudSyncCertificateRefused", "CloudSyncCertificateExpiring"),
    ("CloudSyncTaskNeverHeals", "CloudSyncConnectionError"),
    ("CloudSyncAuthExpired", "CloudSyncErrorRate"),
    ("CloudSyncQuotaFull", "CloudSyncQuotaNearlyFull"),
    ("CloudSyncQuotaNearlyFull", "CloudSyncQuotaFilling"),
    ("CloudSyncStalled", "CloudSyncTransferStuck"),
    ("CloudSyncThrottled", "CloudSyncErrorRate"),
    ("CloudSyncHoldTooLong", "CloudSyncPauseForgotten"),
    ("CloudSyncPauseForgotten", "CloudSyncPauseWithoutOwner"),
]


@pytest.mark.parametrize("number", range(len(QUIET)), ids=lambda number: "-".join(QUIET[number]))
def test_one_cause_one_alert(example, number):
    cause, consequence = QUIET[number]
    now = time.time()
    here, elsewhere = ({**where, "nas": f"{where['nas']}{number}"} for where in (HERE, ELSEWHERE))
    for name, labels in ((cause, here), (consequence, here), (consequence, elsewhere)):
        example.fire(now, now + 600, alertname=name, severity=ALERTS[name]["labels"]["severity"], **labels)

    def quiet():
        assert example.listed(alertname=cause, **here)["status"]["state"] == "active"
        assert example.listed(alertname=consequence, **here)["status"]["state"] == "suppressed"
        assert example.listed(alertname=consequence, **elsewhere)["status"]["state"] == "active"

    eventually(quiet)


def test_nothing_for_the_rules_is_kept_back():
    """An alert that is inhibited does not reach the webhook: only an exporter that is gone may do that."""
    for inhibition in EXAMPLE["inhibit_rules"]:
        if "CloudSyncExporterAbsent" in inhibition["source_matchers"][0]:
            continue
        for matcher in inhibition["target_matchers"]:
            pattern = re.search(r'alertname=~?"([^"]+)"', matcher)[1]
            assert not [name for name in TO_RULES if re.fullmatch(pattern, name)], matcher
