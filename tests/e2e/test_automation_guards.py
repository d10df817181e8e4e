"""What keeps a rule from acting: said once, counted, and over when its reason is."""

import pytest

from support.acts import CAMERA, DROPBOX, GOOGLE, ONEDRIVE, WEBDAV, audit, holds, sent, status
from support.admin import by_hash, expect
from support.automation import (BY_LABELS, Automated, alert, becomes, blocked, by_name, decisions, holding, name_of,
                                named, outcomes, over, polls, released, rule, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

NARROW = "planted-Token-narrow-2236067977"
TOKENS = {"narrow": by_hash(NARROW, ["webhook"], nas=["home"], connections=["Dropbox", str(CAMERA)])}
RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "cool": rule('alertname=~"Cool.*"', BY_LABELS, cooldown="1h"),
    "cooler": rule('alertname=~"Brief.*"', BY_LABELS, cooldown="8s"),
    "budget": rule('alertname=~"Budget.*"', BY_LABELS, daily_budget=2),
    "nowhere": rule('alertname=~"Nowhere.*"', by_name("no such", "99")),
    "named": rule('alertname=~"Named.*"', by_name("WebDAV", "Microsoft OneDrive")),
}
GUARDS = {"frozen", "stood_down", "max_hold", "cooldown", "daily_budget", "max_held_share", "state",
          "unknown_connection", "labels", "token", "already_stricter", "too_many_holds"}


def an_episode(home, name, number):
    """An alert that holds a connection and ends."""
    one = alert(name, number)
    before = outcomes(home.exporter, name).count("acted")
    tell(home.exporter, one)
    holding(home.exporter, number)
    # The hold shows a moment before it is said.
    eventually(lambda: _assert_equal(outcomes(home.exporter, name).count("acted"), before + 1))
    tell(home.exporter, over(one))
    released(home.exporter, number)


def _assert_equal(found, wanted):
    assert found == wanted


def stays_blocked(home, one, guard, *before):
    """The alert is kept back: said once and counted once, however often it is repeated. Gives the decision."""
    counts = blocked(home.exporter, guard)
    tell(home.exporter, one)
    decision = becomes(home.exporter, name_of(one), *before, f"blocked/{guard}")
    for _ in range(2):
        tell(home.exporter, one)
    polls(home.exporter)
    becomes(home.exporter, name_of(one), *before, f"blocked/{guard}")
    assert blocked(home.exporter, guard) == counts + 1
    assert decision["detail"], decision
    return decision


def test_every_guard_is_counted_from_the_first_poll_on(stage):
    home = Automated(stage, RULES, TOKENS)
    counters = home.exporter.metrics().select("cloudsync_action_blocked_total", nas="home")
    assert {labels["reason"] for labels, _ in counters} == GUARDS


def test_frozen(stage):
    home = Automated(stage, RULES, TOKENS)
    expect(200, home.admin.post("/automation/freeze", {"reason": "an audit"}))
    one = alert(named("Any"), ONEDRIVE)
    decision = stays_blocked(home, one, "frozen")
    assert (decision["nas"], decision["connection_id"], decision["mode"]) == ("home", ONEDRIVE, "enforce")
    assert expect(200, home.admin.get("/automation/decisions"))["frozen"] is True
    assert sent(home.nas, "pause") == [] and holds(home.exporter) == []
    expect(200, home.admin.post("/automation/unfreeze", {"reason": "done"}))
    # It goes on, so the rule acts now.
    holding(home.exporter, ONEDRIVE)
    becomes(home.exporter, name_of(one), "blocked/frozen", "acted")


def test_frozen_lets_go_as_before(stage):
    home = Automated(stage, RULES, TOKENS)
    one, other = alert(named("Any"), ONEDRIVE), alert(named("Any"), CAMERA)
    tell(home.exporter, one, other)
    holding(home.exporter, ONEDRIVE)
    holding(home.exporter, CAMERA)
    expect(200, home.admin.post("/automation/freeze", {"reason": "an audit"}))
    tell(home.exporter, one, over(other))
    released(home.exporter, CAMERA)
    assert status(home.nas, CAMERA) == "syncing"
    polls(home.exporter)
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [ONEDRIVE]
    assert status(home.nas, ONEDRIVE) == "pause" and told(home.nas, "pause", ONEDRIVE) == 1


def test_frozen_over_a_restart_and_over_the_alerts_end(stage):
    home = Automated(stage, RULES)
    expect(200, home.admin.post("/automation/freeze", {"reason": "an audit"}))
    one, other = alert(named("Any"), ONEDRIVE), alert(named("Any"), DROPBOX)
    tell(home.exporter, one, other)
    becomes(home.exporter, name_of(one), "blocked/frozen")
    home.exporter.stop()
    home.start()
    tell(home.exporter, over(other))
    polls(home.exporter)
    assert sent(home.nas, "pause") == []
    expect(200, home.admin.post("/automation/unfreeze", {"reason": "done"}))
    holding(home.exporter, ONEDRIVE)
    assert sent(home.nas, "pause") == [{"connection_id": ONEDRIVE}]
    becomes(home.exporter, name_of(other), "blocked/frozen", "resolved")


def test_cooldown(stage):
    home = Automated(stage, RULES, TOKENS)
    name = named("Cool")
    an_episode(home, name, ONEDRIVE)
    stays_blocked(home, alert(name, ONEDRIVE), "cooldown", "acted", "resolved")
    assert told(home.nas, "pause", ONEDRIVE) == 1
    # It is the connection's; another one has its own.
    tell(home.exporter, alert(named("Cool"), CAMERA))
    holding(home.exporter, CAMERA)


def test_a_cooldown_that_is_over(stage):
    home = Automated(stage, RULES, TOKENS)
    name = named("Brief")
    an_episode(home, name, ONEDRIVE)
    tell(home.exporter, alert(name, ONEDRIVE))
    becomes(home.exporter, name, "acted", "resolved", "blocked/cooldown")
    # Without a repeat.
    holding(home.exporter, ONEDRIVE)
    becomes(home.exporter, name, "acted", "resolved", "blocked/cooldown", "acted")


def test_daily_budget(stage):
    home = Automated(stage, RULES, TOKENS)
    name = named("Budget")
    for _ in range(2):
        an_episode(home, name, ONEDRIVE)
    stays_blocked(home, alert(name, ONEDRIVE), "daily_budget", *["acted", "resolved"] * 2)
    assert told(home.nas, "pause", ONEDRIVE) == 2


def test_the_daily_budget_outlives_a_restart(stage):
    home = Automated(stage, RULES)
    name = named("Budget")
    an_episode(home, name, ONEDRIVE)
    home.exporter.stop()
    home.start()
    an_episode(home, name, ONEDRIVE)
    tell(home.exporter, alert(name, ONEDRIVE))
    becomes(home.exporter, name, *["acted", "resolved"] * 2, "blocked/daily_budget")
    polls(home.exporter)
    assert told(home.nas, "pause", ONEDRIVE) == 2


def test_max_held_share(stage):
    home = Automated(stage, RULES, TOKENS)
    # Two of six.
    home.reload(max_held_share=0.34)
    try:
        first, second, third = (alert(named("Any"), number) for number in (ONEDRIVE, CAMERA, WEBDAV))
        tell(home.exporter, first, second)
        holding(home.exporter, ONEDRIVE)
        holding(home.exporter, CAMERA)
        stays_blocked(home, third, "max_held_share")
        assert status(home.nas, WEBDAV) == "uptodate"
        # Another alert of one that is held needs no room.
        joining = alert(named("Any"), CAMERA)
        tell(home.exporter, joining)
        becomes(home.exporter, name_of(joining), "joined")
        # There is room again.
        tell(home.exporter, over(first))
        holding(home.exporter, WEBDAV)
        becomes(home.exporter, name_of(third), "blocked/max_held_share", "acted")
    finally:
        home.reload(max_held_share=1)


def test_a_state_in_which_a_pause_does_not_show(stage):
    home = Automated(stage, RULES, TOKENS)
    decision = stays_blocked(home, alert(named("Any"), GOOGLE), "state")
    assert "error" in decision["detail"] and sent(home.nas, "pause") == []


def test_labels_that_reach_nothing(stage):
    home = Automated(stage, RULES, TOKENS)
    stays_blocked(home, alert(named("Any"), 99), "unknown_connection")
    for words in ("Dropbox", ".*", "1,2", "+1", "01"):
        decision = stays_blocked(home, alert(named("Any"), words), "labels")
        assert "connection_id" not in decision
    # What is about no NAS that is known counts for none, and is said all the same.
    for guard, labels in [("unknown_connection", {"nas": "office", "conn_id": "1"}), ("labels", {"conn_id": "1"}),
                          ("labels", {}), ("unknown_connection", {"nas": "*", "conn_id": "1"})]:
        one = alert(named("Any"), labels=labels)
        for _ in range(2):
            tell(home.exporter, one)
        becomes(home.exporter, name_of(one), f"blocked/{guard}")
    polls(home.exporter)
    assert sent(home.nas, "pause") == [] and holds(home.exporter) == []


def test_named_connections_that_are_not_there(stage):
    home = Automated(stage, RULES, TOKENS)
    stays_blocked(home, alert(named("Nowhere")), "unknown_connection")


def test_a_token_acts_only_where_it_may(stage):
    home = Automated(stage, RULES, TOKENS)
    for number in (ONEDRIVE, WEBDAV):
        one = alert(named("Any"), number)
        tell(home.exporter, one, token=NARROW)
        assert becomes(home.exporter, name_of(one), "blocked/token")["connection_id"] == number
    tell(home.exporter, alert(named("Any"), CAMERA), token=NARROW)
    holding(home.exporter, CAMERA)
    assert sent(home.nas, "pause") == [{"connection_id": CAMERA}]
    # Named connections are the owner's to say, and the token's to reach all the same.
    one = alert(named("Named"))
    tell(home.exporter, one, token=NARROW)
    polls(home.exporter)
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [CAMERA]
    assert {found.partition("/")[2] for found in outcomes(home.exporter, name_of(one))} == {"token"}


def test_decisions_are_paged_and_chosen(stage):
    home = Automated(stage, RULES, TOKENS)
    one = alert(named("Any"), 99)
    tell(home.exporter, one)
    becomes(home.exporter, name_of(one), "blocked/unknown_connection")
    other = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, other)
    becomes(home.exporter, name_of(other), "acted")
    assert decisions(home.exporter, connection=ONEDRIVE, outcome="acted")[0]["alert"] == name_of(other)
    assert all(each["rule"] == "any" for each in decisions(home.exporter, rule="any"))
    every = decisions(home.exporter)
    pages, before = [], {}
    while True:
        page = expect(200, home.admin.get("/automation/decisions", limit=2, **before))
        assert page["mode"] == "enforce" and page["frozen"] is False
        pages += page["decisions"]
        if "next_before" not in page:
            break
        before = {"before": page["next_before"]}
    assert pages[:len(every)] == every and len({each["id"] for each in pages}) == len(pages)
    # Each is a record of the audit, too.
    newest = decisions(home.exporter, name_of(other))[0]
    written = audit(home.exporter, action="decide", limit=1)[0]
    assert written["id"] == newest["id"] and written["source"] == "rule" and written["token"] == "alertmanager"
