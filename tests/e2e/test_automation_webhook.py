"""The webhook's door: what it takes, what it refuses and how, and that nothing odd does harm."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import http
from support.acts import CAMERA, DROPBOX, ONEDRIVE, WEBDAV, holds, sent, status
from support.admin import OPS, by_hash, expect, header, problem
from support.automation import (BY_LABELS, TOKEN, WEBHOOK, Automated, alert, becomes, by_name, decisions, deliver,
                                holding, name_of, named, notification, over, polls, rejected, released, rule, send,
                                tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

MIB = 1 << 20
READER = "planted-Token-reader-2645751311"
TOKENS = {"reader": by_hash(READER, ["read", "hold", "settings", "lifecycle"])}
RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "many": rule('alertname=~"Many.*"', by_name("Dropbox")),
}


def counts(exporter, name):
    return exporter.metrics().value(name)


def test_what_is_accepted_is_counted(stage):
    home = Automated(stage, RULES, TOKENS)
    names = ["cloudsync_webhook_notifications_total", "cloudsync_webhook_malformed_alerts_total",
             "cloudsync_webhook_truncated_alerts_total"]
    before = [counts(home.exporter, name) for name in names]
    started = time.time()
    answer = expect(200, send(home.exporter, notification({"status": "firing"}, alert(named("Other")),
                                                          truncatedAlerts=7)))
    assert answer == {"accepted": 2, "malformed": 1}

    def counted():
        assert [counts(home.exporter, name) for name in names] == [before[0] + 1, before[1] + 1, before[2] + 7]
        assert started - 1 <= counts(home.exporter, "cloudsync_webhook_last_timestamp_seconds") <= time.time() + 1

    eventually(counted)


def refuse(home, status, name, reason, *bodies, **options):
    """Each body gets this problem, is counted by its reason and has no consequence."""
    before = rejected(home.exporter, reason)
    accepted = counts(home.exporter, "cloudsync_webhook_notifications_total")
    for body in bodies:
        problem(status, name, send(home.exporter, body, **options))

    def counted():
        assert rejected(home.exporter, reason) == before + len(bodies)

    eventually(counted)
    assert counts(home.exporter, "cloudsync_webhook_notifications_total") == accepted
    polls(home.exporter)
    assert holds(home.exporter) == [] and sent(home.nas, "pause") == []


def test_bodies_that_are_no_notification(stage):
    home = Automated(stage, RULES, TOKENS)
    good = alert(named("Any"), ONEDRIVE)
    whole = json.dumps(notification(good)).encode()
    deep = b'{"version": "4", "alerts": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    twice = whole.replace(b'"version"', b'"version": "4", "version"')
    refuse(home, 400, "malformed-body", "malformed", b"", b"{", whole[:-10], whole + b"x", b"\xff" + whole, b"[]",
           b"null", b'"x"', deep, twice, {"version": "4"}, notification(good) | {"alerts": {"0": good}},
           notification(good, truncatedAlerts="many"))
    assert decisions(home.exporter, name_of(good)) == []


def test_versions_that_are_not_ours(stage):
    home = Automated(stage, RULES, TOKENS)
    good = alert(named("Any"), ONEDRIVE)
    others = [notification(good, version=version) for version in ("3", "5", 3, "", None, ["4"])]
    refuse(home, 400, "malformed-body", "version", *others, {"alerts": [good]})


def test_too_many_alerts(stage):
    home = Automated(stage, RULES, TOKENS)
    refuse(home, 413, "too-many-alerts", "too_many_alerts", notification(*[alert("Any", ONEDRIVE)] * 10_001))


def test_too_large_a_body(stage):
    home = Automated(stage, RULES, TOKENS)
    good = alert(named("Any"), ONEDRIVE)
    good["annotations"]["summary"] = "x" * (17 * MIB)
    refuse(home, 413, "body-too-large", "too_large", notification(good))


def test_as_many_as_there_may_be(stage):
    """Ten thousand alerts of one rule are one hold, and their end is one end."""
    home = Automated(stage, RULES, TOKENS)
    name = named("Many")
    every = [alert(name, labels={"instance": f"host-{number}"}) for number in range(10_000)]
    for _ in range(2):
        deliver(home.exporter, *every)
        holding(home.exporter, DROPBOX)
    polls(home.exporter)
    assert len(holds(home.exporter)) == 1 and told(home.nas, "pause", DROPBOX) == 1
    # All but one end.
    deliver(home.exporter, *map(over, every[1:]))
    polls(home.exporter)
    assert len(holds(home.exporter)) == 1 and status(home.nas, DROPBOX) == "pause"
    tell(home.exporter, over(every[0]))
    released(home.exporter, DROPBOX)
    assert status(home.nas, DROPBOX) == "uptodate" and told(home.nas, "resume", DROPBOX) == 1


def test_many_senders_at_once(stage):
    """Who is told to come again does, as Alertmanager would; nothing of what was accepted is lost."""
    home = Automated(stage, RULES, TOKENS)
    every = [alert(named("Many")) for _ in range(150)]
    with ThreadPoolExecutor(100) as pool:
        list(pool.map(lambda one: deliver(home.exporter, one), every))
        holding(home.exporter, DROPBOX)
        list(pool.map(lambda one: deliver(home.exporter, over(one)), every[1:]))
    polls(home.exporter)
    hold, = holds(home.exporter)
    tell(home.exporter, over(every[0]))
    released(home.exporter, DROPBOX)
    assert told(home.nas, "pause", DROPBOX) == told(home.nas, "resume", DROPBOX) == 1
    made = [one["outcome"] for one in decisions(home.exporter, outcome="acted")]
    assert made == ["acted"] and hold["phase"] == "held"


def test_a_body_without_a_length(stage):
    """In chunks, without an end: it is not read beyond the limit."""
    home = Automated(stage, RULES, TOKENS)
    host, port = home.exporter.admin_url.removeprefix("http://").split(":")
    before = rejected(home.exporter, "too_large")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall((f"POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
                        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        try:
            for _ in range(32):
                client.sendall(b"100000\r\n" + b" " * MIB + b"\r\n")
        except OSError:
            pass
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")

    def counted():
        assert rejected(home.exporter, "too_large") == before + 1

    eventually(counted)


def test_a_large_body(stage):
    home = Automated(stage, RULES, TOKENS)
    one = alert(named("Any"), ONEDRIVE)
    one["annotations"] |= {f"note-{number}": "é" * 32_768 for number in range(64)}
    body = json.dumps(notification(one), ensure_ascii=False).encode()
    assert len(body) > 4 * MIB
    expect(200, send(home.exporter, body))
    holding(home.exporter, ONEDRIVE)


def test_an_odd_alert_costs_itself(stage):
    home = Automated(stage, RULES, TOKENS)
    good = alert(named("Any"), ONEDRIVE)
    odd = [7, {}, {**good, "status": "burning"}, {**good, "labels": {}}, {**good, "labels": {"alertname": 1}},
           {**good, "startsAt": "yesterday"}, {**good, "startsAt": None}, {**good, "fingerprint": "a b"}]
    answer = expect(200, send(home.exporter, notification(*odd, good)))
    assert answer == {"accepted": len(odd) + 1, "malformed": len(odd)}
    holding(home.exporter, ONEDRIVE)
    becomes(home.exporter, name_of(good), "acted")


def test_an_end_before_the_beginning(stage):
    home = Automated(stage, RULES, TOKENS)
    one = alert(named("Any"), ONEDRIVE)
    # Firing is firing, whatever it says of its end.
    tell(home.exporter, {**one, "endsAt": "2001-01-01T00:00:00Z"})
    holding(home.exporter, ONEDRIVE)
    tell(home.exporter, over(one, ends=1_000_000_000))
    released(home.exporter, ONEDRIVE)
    becomes(home.exporter, name_of(one), "acted", "resolved")


def test_times_that_are_years_off(stage):
    home = Automated(stage, RULES, TOKENS)
    starts = {CAMERA: 86_400, ONEDRIVE: 4_000_000_000, DROPBOX: 253_402_000_000}
    alerts = {number: alert(named("Any"), number, starts=moment) for number, moment in starts.items()}
    # And an end that is years ahead.
    ends = {**starts, WEBDAV: 4_000_000_000}
    alerts[WEBDAV] = alert(named("Any"), WEBDAV)
    tell(home.exporter, *alerts.values())
    for number in ends:
        hold = holding(home.exporter, number)
        assert hold["created"] < hold["until"] < "2100"
    tell(home.exporter, *(over(one, ends[number]) for number, one in alerts.items()))
    for number, one in alerts.items():
        released(home.exporter, number)
        becomes(home.exporter, name_of(one), "acted", "resolved")


def test_names_that_are_hostile(stage):
    """An alert's words go into records, logs and metrics' neighbours, and stay words."""
    home = Automated(stage, RULES, TOKENS)
    words = "\"}} 1\x1b[31m<script>é\u2028" + "x" * 1000
    one = alert(named("Any") + words, ONEDRIVE, labels={"severity": "\n" + words, "\n": words})
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)
    assert hold["rule"] == "any"
    home.exporter.metrics()
    assert "\x1b" not in home.exporter.process.output()
    assert [found["outcome"] for found in decisions(home.exporter) if found["fingerprint"] == one["fingerprint"]] == [
        "acted"]


def test_without_the_token(stage):
    home = Automated(stage, RULES, TOKENS)
    for number, token in enumerate([None, "", "nonsense", TOKEN[:-1], TOKEN + "x", TOKEN.upper()]):
        # From an address of its own: who guesses is slowed.
        body = notification(alert(named("Any"), ONEDRIVE))
        answer = send(home.exporter, body, token, source=f"127.0.0.{40 + number}")
        problem(401, "unauthorized", answer)
        assert header(answer, "WWW-Authenticate").startswith("Bearer")
    polls(home.exporter)
    assert sent(home.nas, "pause") == [] and decisions(home.exporter) == []


def test_with_a_token_of_other_scopes(stage):
    home = Automated(stage, RULES, TOKENS)
    answer = send(home.exporter, notification(alert(named("Any"), ONEDRIVE)), token=READER)
    problem(403, "forbidden", answer)
    # And the webhook's token does nothing else.
    for path in ("/holds", "/audit", "/automation/decisions", "/nas"):
        problem(403, "forbidden", home.admin.with_token(TOKEN).get(path))
    assert sent(home.nas, "pause") == [] and holds(home.exporter) == []


def test_who_guesses_does_not_cost_the_alertmanager_a_notification(stage):
    """Alertmanager does not come again after 429: it must never be told that."""
    home = Automated(stage, RULES, TOKENS)
    one = alert(named("Any"), ONEDRIVE)
    for guess in range(6):
        assert send(home.exporter, notification(one), token=f"guess-{guess}").status in (401, 429, 503)

    def accepted():
        answer = send(home.exporter, notification(one))
        assert answer.status != 429, answer.text
        assert answer.status == 200, answer.text

    eventually(accepted)
    holding(home.exporter, ONEDRIVE)


def test_only_posts(stage):
    home = Automated(stage, RULES, TOKENS)
    for method in ("GET", "PUT", "DELETE"):
        answer = http.request(home.exporter.admin_url + WEBHOOK, method, None, {"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 405 and header(answer, "Allow") == "POST", answer


def test_not_on_the_listener_that_everybody_reaches(stage):
    home = Automated(stage, RULES, TOKENS)
    body = notification(alert(named("Any"), ONEDRIVE))
    answer = http.request(home.exporter.url + WEBHOOK, "POST", body, {"Authorization": f"Bearer {TOKEN}"})
    assert answer.status in (404, 405)


def test_from_a_page_of_a_browser(stage):
    """A page cannot send it, and a name that leads here does not help it."""
    home = Automated(stage, RULES, TOKENS)
    body = notification(alert(named("Any"), ONEDRIVE))
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert send(home.exporter, body, headers=headers).status in (403, 421), headers
    assert sent(home.nas, "pause") == []


def test_the_tokens_are_nowhere(stage):
    home = Automated(stage, RULES, TOKENS)
    one = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    seen = [home.exporter.process.output(), http.get(home.exporter.url + "/metrics").text,
            json.dumps(decisions(home.exporter)), json.dumps(holds(home.exporter)), home.admin.get("/audit").text]
    for text in seen:
        assert TOKEN not in text and OPS not in text
