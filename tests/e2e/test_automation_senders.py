"""What automation relies on of the programs that speak to it, asked of them: a real Prometheus tells real
Alertmanagers, and these a webhook that only writes down."""

import time

import pytest

from support.alertmanager import pair, webhook
from support.chain import Conditions, Recorder, alerting
from support.wait import eventually

pytestmark = pytest.mark.at_once

TOKEN = "planted-Token-hook-1414213562"


class Chain:
    """Prometheus, an Alertmanager alone and a cluster of two that all get every alert, and a webhook for each way."""

    def __init__(self, stage):
        self.conditions = stage.start(Conditions)
        self.alone, self.both = stage.start(Recorder), stage.start(Recorder)
        self.alertmanager = stage.alertmanager()
        self.alertmanager.deliver(webhook(self.alone.url + "/am/hook", TOKEN))
        self.pair = pair(stage)
        for one in self.pair:
            one.deliver(webhook(self.both.url, TOKEN), repeat_interval="1s")
        rule = alerting("Condition", "condition > 0", nas="home", conn_id="1")
        self.prometheus = stage.prometheus(
            [self.conditions.job()], rules=[rule],
            alertmanagers=[one.url for one in (self.alertmanager, *self.pair)])


@pytest.fixture(scope="module")
def chain(shared_stage):
    return Chain(shared_stage)


def test_a_notification(chain):
    chain.conditions.set("seen", 1)
    fired = chain.alone.hears("firing", scene="seen")
    labels = {"alertname": "Condition", "nas": "home", "conn_id": "1", "scene": "seen", "job": "conditions",
              "instance": chain.conditions.url.removeprefix("http://")}
    assert fired["labels"] == labels and fired["fingerprint"] == chain.alertmanager.listed(scene="seen")["fingerprint"]
    assert fired["endsAt"].startswith("0001-01-01")
    chain.conditions.set("seen", 0)
    resolved = chain.alone.hears("resolved", scene="seen")
    assert (resolved["labels"], resolved["fingerprint"]) == (labels, fired["fingerprint"])
    assert resolved["startsAt"] == fired["startsAt"] < resolved["endsAt"]
    method, path, headers, body = chain.alone.received[0]
    assert (method, path, headers["Authorization"]) == ("POST", "/am/hook", f"Bearer {TOKEN}")
    assert headers["Content-Type"] == "application/json" and headers["User-Agent"].startswith("Alertmanager/")
    assert (body["version"], body["receiver"], body["truncatedAlerts"]) == ("4", "hook", 0)


def test_a_silence_keeps_back_the_end_but_the_api_tells(chain):
    chain.conditions.set("silent", 1)
    chain.alone.hears("firing", scene="silent")
    chain.alertmanager.silence(time.time() + 3600, scene="silent")

    def suppressed():
        assert chain.alertmanager.listed(scene="silent")["status"]["state"] == "suppressed"

    eventually(suppressed)
    chain.conditions.set("silent", 0)

    def ended():
        assert not [alert for alert in chain.alertmanager.alerts() if alert["labels"]["scene"] == "silent"]

    eventually(ended)
    # What begins after it and is heard of shows that nobody heard of the end.
    chain.conditions.set("later", 1)
    chain.alone.hears("firing", scene="later")
    chain.conditions.set("later", 0)
    chain.alone.hears("resolved", scene="later")
    assert chain.alone.told("resolved", scene="silent") == []


def test_what_is_refused_comes_again(chain):
    chain.alone.status = 503
    chain.conditions.set("refused", 1)

    def twice():
        assert len(chain.alone.told("firing", scene="refused")) >= 2

    eventually(twice)
    chain.alone.status = 200
    chain.conditions.set("refused", 0)
    chain.alone.hears("resolved", scene="refused")


def test_a_cluster_repeats_and_outlives_one_of_its_own(chain):
    chain.conditions.set("pair", 1)
    first = chain.both.hears("firing", scene="pair")

    def repeated():
        assert len(chain.both.told("firing", scene="pair")) >= 3

    eventually(repeated)
    assert all(alert["startsAt"] == first["startsAt"] and alert["fingerprint"] == first["fingerprint"]
               for alert in chain.both.told("firing", scene="pair"))
    chain.pair[0].stop()
    chain.conditions.set("pair", 0)
    resolved = chain.both.hears("resolved", scene="pair")
    assert resolved["fingerprint"] == first["fingerprint"]
