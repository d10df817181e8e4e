"""Holds of rules when the daemon is started again or its configuration changes under them."""

import pytest

from support.acts import CAMERA, DROPBOX, ONEDRIVE, holds, kill, seconds, sent, status
from support.admin import asked, expect, nothing_changes, problem
from support.automation import (BY_LABELS, TOKEN, Automated, alert, becomes, by_name, decisions, holding, name_of,
                                named, notification, outcomes, over, polls, released, rule, send, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

RULES = {"any": rule('alertname=~"Any.*"', BY_LABELS), "other": rule('alertname=~"Other.*"', by_name("Camera roll"))}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_starting_again_changes_nothing(stage, end):
    home = Automated(stage, RULES)
    first, second, blocked = alert(named("Any"), ONEDRIVE), alert(named("Any"), ONEDRIVE), alert(named("Any"), 99)
    tell(home.exporter, first)
    becomes(home.exporter, name_of(first), "acted")
    tell(home.exporter, second, blocked)
    becomes(home.exporter, name_of(second), "joined")
    becomes(home.exporter, name_of(blocked), "blocked/unknown_connection")
    before = holding(home.exporter, ONEDRIVE)
    with nothing_changes(home.nas):
        if end == "kill":
            kill(home.exporter)
        else:
            home.exporter.stop()
        home.start()
        polls(home.exporter)
        assert holds(home.exporter) == [before]
        tell(home.exporter, first)
        polls(home.exporter)
    after, = holds(home.exporter)
    assert after["id"] == before["id"] and seconds(after["until"]) > seconds(before["until"])
    assert [outcomes(home.exporter, name_of(one)) for one in (first, second)] == [["acted"], ["joined"]]
    # Its end is known to be of the same episode.
    tell(home.exporter, over(first), over(second))
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing" and told(home.nas, "resume", ONEDRIVE) == 1


def test_what_a_rule_held_that_is_taken_away_ends_with_its_lease(stage):
    home = Automated(stage, {**RULES, "any": {**RULES["any"], "lease": "8s"}})
    one, other = alert(named("Any"), ONEDRIVE), alert(named("Other"))
    tell(home.exporter, one, other)
    holding(home.exporter, ONEDRIVE)
    kept = holding(home.exporter, CAMERA)
    home.reload(rules={"other": RULES["other"]})

    def ended():
        tell(home.exporter, one)
        assert [hold["id"] for hold in holds(home.exporter)] == [kept["id"]]

    eventually(ended)
    assert (status(home.nas, ONEDRIVE), status(home.nas, CAMERA)) == ("syncing", "pause")
    # The alert goes on, and a rule that comes back acts on it.
    home.reload(rules=RULES)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)


def test_a_rule_that_reaches_elsewhere_holds_both_until_the_alert_ends(stage):
    home = Automated(stage, RULES)
    one = alert(named("Other"))
    tell(home.exporter, one)
    before = holding(home.exporter, CAMERA)
    home.reload(rules={**RULES, "other": {**RULES["other"], "select": by_name("Dropbox")}})
    holding(home.exporter, DROPBOX)
    assert holding(home.exporter, CAMERA)["id"] == before["id"]
    tell(home.exporter, over(one))
    for number in (CAMERA, DROPBOX):
        released(home.exporter, number)
        assert status(home.nas, number) != "pause"


def test_a_shorter_lease_counts_at_once(stage):
    home = Automated(stage, RULES)
    tell(home.exporter, alert(named("Any"), ONEDRIVE))
    hold = holding(home.exporter, ONEDRIVE)
    home.reload(rules={**RULES, "any": {**RULES["any"], "lease": "10m"}})

    def shorter():
        now, = holds(home.exporter)
        assert seconds(now["until"]) == pytest.approx(seconds(hold["until"]) - 3000, abs=30)

    eventually(shorter)


def test_observing_from_now_on(stage):
    home = Automated(stage, RULES)
    one, other = alert(named("Any"), ONEDRIVE), alert(named("Other"))
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    home.reload(mode="observe")
    tell(home.exporter, one, other)
    assert becomes(home.exporter, name_of(other), "would_act")["mode"] == "observe"
    polls(home.exporter)
    # What is held is let go as it was to be, and nothing is paused for it anew.
    assert [hold["connection_id"] for hold in holds(home.exporter)] == [ONEDRIVE]
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    assert sent(home.nas, "pause") == [{"connection_id": ONEDRIVE}]
    # Acting again, it acts on what goes on.
    home.reload(mode="enforce")
    holding(home.exporter, CAMERA)
    becomes(home.exporter, name_of(other), "would_act", "acted")


def test_a_bad_file_leaves_the_rules_in_force(stage):
    home = Automated(stage, RULES)
    one = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    home.config["automation"]["rules"] = {"any": {**RULES["any"], "matchers": ["alertname=~\"(\""]}}
    home.exporter.configure(home.config)
    refused = problem(422, "reload-failed", home.admin.post("/-/reload"))
    assert "automation.rules.any.matchers" in str(refused["errors"])
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)


def test_a_token_that_is_taken_away(stage):
    home = Automated(stage, RULES)
    one = alert(named("Any"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    taken = home.config["admin"]["tokens"].pop("alertmanager")
    home.reload()
    problem(401, "unauthorized", send(home.exporter, notification(over(one))))
    assert status(home.nas, ONEDRIVE) == "pause"
    home.config["admin"]["tokens"]["renamed"] = taken
    home.reload()
    tell(home.exporter, over(one), token=TOKEN)
    released(home.exporter, ONEDRIVE)


def test_a_connection_that_is_removed_takes_its_hold_along(stage):
    home = Automated(stage, RULES)
    one = alert(named("Any"), DROPBOX)
    tell(home.exporter, one)
    holding(home.exporter, DROPBOX)
    expect(200, home.admin.delete("/nas/home/connections/1", confirm="Dropbox"))
    released(home.exporter, DROPBOX)
    tell(home.exporter, one)
    polls(home.exporter)
    assert holds(home.exporter) == [] and len(asked(home.nas, "pause")) == 1
    assert decisions(home.exporter, name_of(one))[0]["guard"] == "unknown_connection"
