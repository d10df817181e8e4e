"""Rules that change settings while an alert is on, and put back what they found, unless a person changed it."""

import pytest

from support.acts import DROPBOX, ONEDRIVE, WEBDAV, audit, connection, holds, kill, sent, status, world_of
from support.admin import expect
from support.automation import (BY_LABELS, Automated, alert, becomes, holding, name_of, named, over, polls, released,
                                rule, tell)
from support.wait import eventually

pytestmark = pytest.mark.at_once


def limit(word, **settings):
    return rule(f'alertname=~"{word}.*"', BY_LABELS, action="settings", set=settings)


RULES = {
    "slow": limit("Slow", max_upload_speed=512),
    "slower": limit("Crawl", max_upload_speed=256, pull_event_period=3600),
    "fast": limit("Fast", max_upload_speed=8192),
    "seldom": limit("Seldom", pull_event_period=1800),
    "any": rule('alertname=~"Any.*"', BY_LABELS),
}


def settings(home, number):
    return world_of(home.nas, number)["settings"]


def change(home, number, **more):
    """What a person does in DSM, which sends every field."""
    now = settings(home, number)
    fields = ("task_name", "pull_event_period", "max_upload_speed", "max_download_speed", "storage_class", "isSSE",
              "part_size")
    every = {**{name: now[name] for name in fields}, **{name: more[name] for name in fields if name in more}}
    home.nas.call("set_connection_setting", connection_id=number, **every)


def has(home, number, **expected):
    """Waits until a connection has these settings."""

    def found():
        now = settings(home, number)
        assert {name: now[name] for name in expected} == expected

    eventually(found)


def writes(home, number):
    return [params for params in sent(home.nas, "set_connection_setting") if params["connection_id"] == number]


def test_set_once_and_put_back(stage):
    home = Automated(stage, RULES)
    before = settings(home, ONEDRIVE)
    one = alert(named("Slow"), ONEDRIVE)
    tell(home.exporter, one)
    hold = holding(home.exporter, ONEDRIVE)
    expected = {"kind": "alert", "rule": "slow", "action": "settings", "set": {"max_upload_speed": 512}}
    assert {key: hold[key] for key in expected} == expected
    # Nothing else is touched.
    assert settings(home, ONEDRIVE) == {**before, "max_upload_speed": 512} and before["max_upload_speed"] == 4096
    for _ in range(2):
        tell(home.exporter, one)
    polls(home.exporter)
    assert len(writes(home, ONEDRIVE)) == 1 and status(home.nas, ONEDRIVE) == "syncing"
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    assert settings(home, ONEDRIVE) == before and len(writes(home, ONEDRIVE)) == 2
    becomes(home.exporter, name_of(one), "acted", "resolved")
    assert sent(home.nas, "pause") == sent(home.nas, "resume") == []


def test_no_limit_is_put_back_as_no_limit(stage):
    home = Automated(stage, RULES)
    assert settings(home, DROPBOX)["max_upload_speed"] == 0
    one = alert(named("Slow"), DROPBOX)
    tell(home.exporter, one)
    has(home, DROPBOX, max_upload_speed=512)
    tell(home.exporter, over(one))
    released(home.exporter, DROPBOX)
    has(home, DROPBOX, max_upload_speed=0)


@pytest.mark.parametrize("first_to_end", ["Slow", "Crawl"])
def test_the_strictest_wins_in_either_order(stage, first_to_end):
    home = Automated(stage, RULES)
    before = settings(home, ONEDRIVE)
    alerts = {word: alert(named(word), ONEDRIVE) for word in ("Slow", "Crawl")}
    tell(home.exporter, alerts["Slow"])
    has(home, ONEDRIVE, max_upload_speed=512, pull_event_period=before["pull_event_period"])
    tell(home.exporter, alerts["Crawl"])
    has(home, ONEDRIVE, max_upload_speed=256, pull_event_period=3600)
    tell(home.exporter, over(alerts.pop(first_to_end)))
    (left, last), = alerts.items()

    def one_left():
        assert len(holds(home.exporter)) == 1

    eventually(one_left)
    if left == "Slow":
        has(home, ONEDRIVE, max_upload_speed=512, pull_event_period=before["pull_event_period"])
    else:
        has(home, ONEDRIVE, max_upload_speed=256, pull_event_period=3600)
    tell(home.exporter, over(last))
    released(home.exporter, ONEDRIVE)
    assert settings(home, ONEDRIVE) == before


def test_what_is_stricter_already(stage):
    home = Automated(stage, RULES)
    one = alert(named("Fast"), ONEDRIVE)
    tell(home.exporter, one)
    becomes(home.exporter, name_of(one), "blocked/already_stricter")
    tell(home.exporter, over(one))
    becomes(home.exporter, name_of(one), "blocked/already_stricter", "resolved")
    assert writes(home, ONEDRIVE) == [] and settings(home, ONEDRIVE)["max_upload_speed"] == 4096


def test_a_persons_change_in_between_is_kept(stage):
    home = Automated(stage, RULES)
    one = alert(named("Slow"), ONEDRIVE)
    tell(home.exporter, one)
    has(home, ONEDRIVE, max_upload_speed=512)
    change(home, ONEDRIVE, max_upload_speed=100)
    tell(home.exporter, one)
    polls(home.exporter)
    assert settings(home, ONEDRIVE)["max_upload_speed"] == 100
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    polls(home.exporter)
    assert settings(home, ONEDRIVE)["max_upload_speed"] == 100


def test_a_persons_change_of_something_else_is_kept(stage):
    home = Automated(stage, RULES)
    one = alert(named("Slow"), ONEDRIVE)
    tell(home.exporter, one)
    has(home, ONEDRIVE, max_upload_speed=512)
    change(home, ONEDRIVE, max_download_speed=77)
    expect(200, home.admin.patch(connection(ONEDRIVE, "/settings"), {"pull_event_period": 90}))
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    has(home, ONEDRIVE, max_upload_speed=4096, max_download_speed=77, pull_event_period=90)


def test_who_ends_the_hold_puts_back(stage):
    home = Automated(stage, RULES)
    one = alert(named("Seldom"), WEBDAV)
    tell(home.exporter, one)
    has(home, WEBDAV, pull_event_period=1800)
    hold = holding(home.exporter, WEBDAV)
    expect(200, home.admin.delete(f"/holds/{hold['id']}", reason="enough"))
    released(home.exporter, WEBDAV)
    has(home, WEBDAV, pull_event_period=600)
    tell(home.exporter, one)
    becomes(home.exporter, name_of(one), "acted", "blocked/stood_down")
    polls(home.exporter)
    assert settings(home, WEBDAV)["pull_event_period"] == 600


def test_beside_a_pause(stage):
    home = Automated(stage, RULES)
    limited, stopped = alert(named("Slow"), ONEDRIVE), alert(named("Any"), ONEDRIVE)
    tell(home.exporter, limited, stopped)
    has(home, ONEDRIVE, max_upload_speed=512)

    def both():
        assert {one["action"] for one in holds(home.exporter) if one["phase"] == "held"} == {"pause", "settings"}

    eventually(both)
    assert status(home.nas, ONEDRIVE) == "pause"
    tell(home.exporter, over(limited))
    has(home, ONEDRIVE, max_upload_speed=4096)
    assert status(home.nas, ONEDRIVE) == "pause"
    tell(home.exporter, over(stopped))
    released(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "syncing"


def test_what_was_found_outlives_the_daemon(stage):
    home = Automated(stage, RULES)
    one = alert(named("Slow"), ONEDRIVE)
    tell(home.exporter, one)
    has(home, ONEDRIVE, max_upload_speed=512)
    holding(home.exporter, ONEDRIVE)
    kill(home.exporter)
    home.start()
    polls(home.exporter)
    assert len(writes(home, ONEDRIVE)) == 1
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    has(home, ONEDRIVE, max_upload_speed=4096)
    assert audit(home.exporter, outcome="pending") == []


def test_a_persons_change_while_the_daemon_is_away_is_kept(stage):
    home = Automated(stage, RULES)
    one, other = alert(named("Slow"), ONEDRIVE), alert(named("Slow"), DROPBOX)
    tell(home.exporter, one, other)
    for number in (ONEDRIVE, DROPBOX):
        holding(home.exporter, number)
    kill(home.exporter)
    change(home, ONEDRIVE, max_upload_speed=100)
    home.start()
    polls(home.exporter)
    tell(home.exporter, over(one), over(other))
    for number in (ONEDRIVE, DROPBOX):
        released(home.exporter, number)
    assert settings(home, ONEDRIVE)["max_upload_speed"] == 100
    has(home, DROPBOX, max_upload_speed=0)


def meet(home, point, said):
    """An alert that a daemon stands still at, is killed at and is started again after."""
    tell(home.exporter, said)
    home.exporter.process.line(rf'fault point reached"?.*\bpoint={point}\b')
    kill(home.exporter)
    home.start()


@pytest.mark.parametrize("point", ["set_recorded", "set_intended", "set_told", "set_seen", "set_confirmed"])
def test_a_crash_on_the_way_to_a_setting(stage, point):
    home = Automated(stage, RULES, options={"environ": {"CLOUDSYNC_EXPORTER_FAULT_POINT": point}})
    one = alert(named("Slow"), ONEDRIVE)
    meet(home, point, one)
    hold = holding(home.exporter, ONEDRIVE)
    has(home, ONEDRIVE, max_upload_speed=512)
    polls(home.exporter)
    assert [(each["id"], each["phase"]) for each in holds(home.exporter)] == [(hold["id"], "held")]
    assert audit(home.exporter, outcome="pending") == [] and 1 <= len(writes(home, ONEDRIVE)) <= 2
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    has(home, ONEDRIVE, max_upload_speed=4096)


@pytest.mark.parametrize("point", ["restore_recorded", "restore_told", "restore_seen"])
def test_a_crash_on_the_way_back(stage, point):
    home = Automated(stage, RULES, options={"environ": {"CLOUDSYNC_EXPORTER_FAULT_POINT": point}})
    one = alert(named("Slow"), ONEDRIVE)
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    meet(home, point, over(one))
    released(home.exporter, ONEDRIVE)
    has(home, ONEDRIVE, max_upload_speed=4096)
    polls(home.exporter)
    assert audit(home.exporter, outcome="pending") == [] and 2 <= len(writes(home, ONEDRIVE)) <= 3
