"""Rules and several NASes or many connections: each alert reaches its own, and not all is done at once."""

import pytest

from support.acts import CAMERA, CLOUD_SYNC, DROPBOX, ONEDRIVE, WEBDAV, audit, holds, seconds, sent, status
from support.admin import by_hash, start
from support.automation import (BY_LABELS, Automated, alert, automated, becomes, by_name, holding, name_of, named,
                                over, polls, released, rule, tell, told)
from support.wait import eventually

pytestmark = pytest.mark.at_once

OFFICE = "planted-Token-office-2449489742"
RULES = {
    "any": rule('alertname=~"Any.*"', BY_LABELS),
    "all": rule('alertname=~"All.*"', by_name(*map(str, (DROPBOX, ONEDRIVE, CAMERA, WEBDAV)))),
}


class Two:
    """A daemon with two NASes, which are alike."""

    def __init__(self, stage, **more):
        self.home, self.office = stage.simulator(), stage.simulator()
        tokens = {"office": by_hash(OFFICE, ["webhook"], nas=["office"])}
        config = automated(self.home.url, stage.directory / "admin", RULES, tokens, **more)
        config["nas"]["office"] = {**config["nas"]["home"], "url": self.office.url}
        self.exporter = start(stage, config).polled().polled("office")


def at_office(name, number):
    return alert(name, labels={"nas": "office", "conn_id": str(number)})


def test_each_nas_has_its_own(stage):
    two = Two(stage)
    one, other = alert(named("Any"), ONEDRIVE), at_office(named("Any"), CAMERA)
    tell(two.exporter, one, other)
    holding(two.exporter, ONEDRIVE)
    holding(two.exporter, CAMERA)
    assert {(hold["nas"], hold["connection_id"]) for hold in holds(two.exporter)} == {
        ("home", ONEDRIVE), ("office", CAMERA)}
    assert sent(two.home, "pause") == [{"connection_id": ONEDRIVE}]
    assert sent(two.office, "pause") == [{"connection_id": CAMERA}]
    tell(two.exporter, over(one), over(other))
    released(two.exporter, ONEDRIVE)
    released(two.exporter, CAMERA)
    assert (status(two.home, ONEDRIVE), status(two.office, CAMERA)) == ("syncing", "syncing")


def test_a_nas_that_hangs_holds_up_no_other(stage):
    two = Two(stage)
    two.home.fault("hang", CLOUD_SYNC, "pause")
    one, other = alert(named("Any"), ONEDRIVE), at_office(named("Any"), CAMERA)
    tell(two.exporter, one)

    def told_to_pause():
        assert len(sent(two.home, "pause")) == 1

    eventually(told_to_pause)
    tell(two.exporter, other)
    holding(two.exporter, CAMERA)
    tell(two.exporter, over(other))
    released(two.exporter, CAMERA)
    two.home.heal()
    holding(two.exporter, ONEDRIVE)


def test_a_token_for_another_nas(stage):
    two = Two(stage)
    one, other = alert(named("Any"), ONEDRIVE), at_office(named("Any"), CAMERA)
    tell(two.exporter, one, other, token=OFFICE)
    holding(two.exporter, CAMERA)
    becomes(two.exporter, name_of(one), "blocked/token")
    polls(two.exporter)
    assert sent(two.home, "pause") == []
    # What another token may do is its own.
    tell(two.exporter, one)
    holding(two.exporter, ONEDRIVE)


def test_the_share_is_of_all_connections(stage):
    # Three of twelve.
    two = Two(stage, max_held_share=0.25)
    every = [alert(named("Any"), DROPBOX), at_office(named("Any"), DROPBOX), alert(named("Any"), CAMERA),
             at_office(named("Any"), CAMERA)]
    for one in every[:3]:
        tell(two.exporter, one)
        becomes(two.exporter, name_of(one), "acted")
    tell(two.exporter, every[3])
    becomes(two.exporter, name_of(every[3]), "blocked/max_held_share")
    tell(two.exporter, over(every[0]))
    becomes(two.exporter, name_of(every[3]), "blocked/max_held_share", "acted")


def test_connections_come_back_two_by_two(stage):
    home = Automated(stage, RULES)
    one = alert(named("All"))
    tell(home.exporter, one)
    for number in (DROPBOX, ONEDRIVE, CAMERA, WEBDAV):
        holding(home.exporter, number)
    tell(home.exporter, over(one))
    for number in (DROPBOX, ONEDRIVE, CAMERA, WEBDAV):
        released(home.exporter, number)
        assert told(home.nas, "pause", number) == told(home.nas, "resume", number) == 1
    times = sorted(seconds(one["time"]) for one in audit(home.exporter, action="resume"))
    # Five seconds from the first of two to the first of the next, as far as records tell.
    assert len(times) == 4 and times[2] - times[0] > 4
