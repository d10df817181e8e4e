"""A notification that cannot be kept is not accepted; a state file of a later version is left alone."""

import pytest

from support.acts import ONEDRIVE, database, holds, kill, sent, state_file, status
from support.admin import problem
from support.automation import (BY_LABELS, CAN_LACK_DISK, Automated, alert, becomes, full_disk, holding, name_of,
                                named, notification, over, polls, rejected, released, rule, send, tell, told)
from support.program import run
from support.wait import eventually

pytestmark = pytest.mark.at_once

RULES = {"any": rule('alertname=~"Any.*"', BY_LABELS)}


def test_what_cannot_be_kept_is_not_accepted(stage):
    home = Automated(stage, RULES, options=CAN_LACK_DISK)
    one = alert(named("Any"), ONEDRIVE)
    before = rejected(home.exporter, "disk")
    with full_disk(home.exporter):
        for _ in range(2):
            problem(503, "notification-not-kept", send(home.exporter, notification(one)))

        def counted():
            assert rejected(home.exporter, "disk") == before + 2

        eventually(counted)
        polls(home.exporter)
        # What was not accepted has no consequence.
        assert sent(home.nas, "pause") == [] and holds(home.exporter) == []
    tell(home.exporter, one)
    holding(home.exporter, ONEDRIVE)
    becomes(home.exporter, name_of(one), "acted")
    with full_disk(home.exporter):
        assert send(home.exporter, notification(over(one))).status == 503
        polls(home.exporter)
        assert status(home.nas, ONEDRIVE) == "pause"
    tell(home.exporter, over(one))
    released(home.exporter, ONEDRIVE)
    assert (told(home.nas, "pause", ONEDRIVE), told(home.nas, "resume", ONEDRIVE)) == (1, 1)


def test_a_hold_ends_on_time_without_a_disk(stage):
    home = Automated(stage, {"leased": rule('alertname=~"Any.*"', BY_LABELS, lease="8s")}, options=CAN_LACK_DISK)
    tell(home.exporter, alert(named("Any"), ONEDRIVE))
    holding(home.exporter, ONEDRIVE)
    with full_disk(home.exporter):
        released(home.exporter, ONEDRIVE)
        assert status(home.nas, ONEDRIVE) == "syncing"
    polls(home.exporter)
    assert told(home.nas, "resume", ONEDRIVE) == 1


def test_a_state_file_of_a_later_version(stage):
    home = Automated(stage, RULES, options=CAN_LACK_DISK)
    tell(home.exporter, alert(named("Any"), ONEDRIVE))
    holding(home.exporter, ONEDRIVE)
    kill(home.exporter)
    file = state_file(home.exporter)
    with database(file) as opened:
        found = opened.execute("PRAGMA user_version").fetchone()[0]
        opened.execute("PRAGMA user_version = 99")
    ended = run("--config.file", home.exporter.file, "--web.listen-address", "127.0.0.1:0", directory=stage.directory)
    assert ended.returncode not in (0, 101), ended
    said = ended.stdout + ended.stderr
    assert f"the state file {file} has version 99" in said and "panicked" not in said, said
    # It was left as it was.
    with database(file) as opened:
        assert opened.execute("PRAGMA user_version").fetchone()[0] == 99
        opened.execute(f"PRAGMA user_version = {found}")
    home.start()
    holding(home.exporter, ONEDRIVE)
    assert status(home.nas, ONEDRIVE) == "pause" and sent(home.nas, "resume") == []
