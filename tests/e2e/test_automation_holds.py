"""The life of a rule's hold: as long as its alerts support it, and no longer than it may last."""

import pytest

from support.acts import CAMERA, DROPBOX, GOOGLE, ONEDRIVE, WEBDAV, holds, seconds, status
from support.automation import (BY_LABELS, Automated, alert, becomes, by_name, counted, decisions, holding, name_of,
                                named, outcomes, over, polls, released, rule, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "delayed": rule('alertname=~"Delayed.*"', BY_LABELS, release_delay="1h"),
    "soon": rule('alertname=~"Soon.*"', BY_LABELS, release_delay="2s"),
    "leased": rule('alertname=~"Leased.*"', BY_LABELS, lease="6s"),
    "longest": rule('alertname=~"Longest.*"', BY_LABELS, max_hold="6s"),
    "several": rule('alertname=~"Several.*"', by_name("Dropbox", "Camera roll", "6", "no such")),
    "word": rule('alertname=~"Word.*"', {}, action="notify"),
}


def test_a_hold_says_what_it_is(stage):
    home = Automated(stage, RULES)
    one = alert(named("Any"), ONEDRIVE)
    before = counted(home.exporter, "pause", "rule")
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)
    expected = {"kind": "alert", "rule": "any", "action": "pause", "nas": "home", "connection_id": ONEDRIVE,
                "connection": "Microsoft OneDrive", "latch": False, "was_paused": False}
    assert {key: hold[key] for key in expected} == expected
    assert hold["reason"] == f"rule any: alert {name_of(one)}" and hold["episode"] and "set" not in hold
    # A lease from the last that was heard.
    assert seconds(hold["until"]) == pytest.approx(seconds(hold["created"]) + 3600, abs=60)

    def shown():
        metrics = home.exporter.metrics()
        labels = {"nas": "home", "conn_id": str(ONEDRIVE), "rule": "any", "kind": "alert"}
        assert metrics.select("cloudsync_holds", nas="home") == [(labels, 1)]
        assert metrics.value("cloudsync_hold_expiry_timestamp_seconds", **labels) == pytest.approx(
            seconds(hold["until"]), abs=0.01)
        assert counted(home.exporter, "pause", "rule") == before + 1

    eventually(shown)
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    eventually(lambda: _shows_none(home.exporter))


def _shows_none(exporter):
    assert exporter.metrics().select("cloudsync_holds", nas="home") == []


def test_repeats_put_the_end_off_and_act_no_more(stage):
    home = Automated(stage, RULES)
    one = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, one)
    first = holding(home.exporter, ONEDRIVE)
    tell(home.exporter, one)

    def renewed():
        hold, = holds(home.exporter)
        assert seconds(hold["until"]) > seconds(first["until"])
        return hold

    hold = eventually(renewed)
    assert {**hold, "until": ""} == {**first, "until": ""}
    # One notification with the alert three times is a repeat like any other.
    tell(home.exporter, one, one, one)
    polls(home.exporter)
    assert outcomes(home.exporter, name_of(one)) == ["acted"] and told(home.nas, "pause", ONEDRIVE) == 1


def test_a_lease_that_is_not_renewed_ends_the_hold_and_a_repeat_takes_it_again(stage):
    home = Automated(stage, RULES)
    one = alert(named("Leased"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing" and told(home.nas, "resume", ONEDRIVE) == 1
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    assert told(home.nas, "pause", ONEDRIVE) == 2
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)


def test_repeats_carry_it_beyond_its_lease(stage):
    home = Automated(stage, RULES)
    one = alert(named("Leased"), ONEDRIVE)
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)

    def outlived():
        tell(home.exporter, one)
        now, = holds(home.exporter)
        assert now["id"] == hold["id"] and seconds(now["until"]) > seconds(hold["until"]) + 6

    eventually(outlived)
    assert told(home.nas, "pause", ONEDRIVE) == 1 and told(home.nas, "resume", ONEDRIVE) == 0
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)


def test_no_hold_is_longer_than_the_longest(stage):
    home = Automated(stage, RULES)
    one = alert(named("Longest"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)

    def ended():
        tell(home.exporter, one)
        assert holds(home.exporter) == []

    eventually(ended)
    tell(home.exporter, one)
    polls(home.exporter)
    becomes(home.exporter, name_of(one), "acted", "blocked/max_hold")
    assert status(home.nas, ONEDRIVE) == "syncing" and told(home.nas, "pause", ONEDRIVE) == 1
    # The next episode is another matter.
    tell(home.exporter, over(one))
    tell(home.exporter, alert(name_of(one), ONEDRIVE))
    holding(home.exporter, ONEDRIVE)


def test_an_alert_that_comes_again_within_the_delay_keeps_the_hold(stage):
    home = Automated(stage, RULES)
    one = alert(named("Delayed"), ONEDRIVE)
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)
    for _ in range(3):
        tell(home.exporter, over(one))
        one = alert(name_of(one), ONEDRIVE)
        tell(home.exporter, one)
    polls(home.exporter)
    assert [held["id"] for held in holds(home.exporter)] == [hold["id"]]
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 0)
    # Resolved, it ends when the delay is over, not the lease.
    tell(home.exporter, over(one))
    polls(home.exporter)
    assert [held["id"] for held in holds(home.exporter)] == [hold["id"]]


def test_the_delay_ends(stage):
    home = Automated(stage, RULES)
    one = alert(named("Soon"), ONEDRIVE)
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)
    tell(home.exporter, over(one))

    def ends_soon():
        for now in holds(home.exporter):
            assert seconds(now["until"]) < seconds(hold["created"]) + 120

    eventually(ends_soon)
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing"


def test_alerts_share_a_hold_until_the_last_ends(stage):
    home = Automated(stage, RULES)
    first, second = (alert(named("Any"), ONEDRIVE, labels={"instance": one}) for one in ("a", "b"))
    tell(home.exporter, first)
    hold = holding(home.exporter, ONEDRIVE)
    tell(home.exporter, second)
    becomes(home.exporter, name_of(second), "joined")
    tell(home.exporter, over(first))
    becomes(home.exporter, name_of(first), "acted", "resolved")
    polls(home.exporter)
    assert [one["id"] for one in holds(home.exporter)] == [hold["id"]]
    tell(home.exporter, over(second))
    released(home.exporter, ONEDRIVE)
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 1)


def test_a_rule_reaches_each_connection_that_it_names(stage):
    home = Automated(stage, RULES)
    one = alert(named("Several"))
    tell(home.exporter, one)
    for number in (DROPBOX, CAMERA, WEBDAV):
        holding(home.exporter, number)
    made = {(each["outcome"], each["connection_id"]) for each in decisions(home.exporter, name_of(one))
            if each["outcome"] == "acted"}
    assert made == {("acted", number) for number in (DROPBOX, CAMERA, WEBDAV)}
    assert status(home.nas, ONEDRIVE) == "syncing"
    tell(home.exporter, over(one))
    for number in (DROPBOX, CAMERA, WEBDAV):
        released(home.exporter, number)
        assert told(home.nas, "resume", number) == 1


def test_a_rule_that_only_says_so(stage):
    home = Automated(stage, RULES)
    one = alert(named("Word"), ONEDRIVE)
    tell(home.exporter, one)
    assert becomes(home.exporter, name_of(one), "notified")["rule"] == "word"
    tell(home.exporter, one)
    tell(home.exporter, over(one))
    becomes(home.exporter, name_of(one), "notified", "resolved")
    polls(home.exporter)
    assert holds(home.exporter) == [] and status(home.nas, ONEDRIVE) == "syncing"


def test_an_alert_that_no_rule_is_about(stage):
    home = Automated(stage, RULES)
    one = alert(named("Other"), GOOGLE)
    for said in (one, one, over(one)):
        tell(home.exporter, said)
    assert "rule" not in becomes(home.exporter, name_of(one), "unmatched")
    polls(home.exporter)
    assert holds(home.exporter) == []
