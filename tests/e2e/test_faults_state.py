"""State files that a daemon finds damaged: it starts, says so once and loudly, and keeps what it found."""

import sqlite3

import pytest

from support.acts import DROPBOX, audit, holds, pause
from support.admin import Administrated, administrated
from support.exporter import configuration, write
from support.program import run
from support.simulator import PASSWORD
from support.wait import eventually

NOWHERE = "http://127.0.0.1:9"


def grown(stage, directory):
    """The state file of a daemon that held a connection, after its end, and its NAS."""
    nas = stage.simulator()
    exporter = stage.start(Administrated, administrated(nas.url, directory)).polled()
    pause(exporter, DROPBOX)
    assert len(audit(exporter)) == 1
    exporter.stop()
    return directory / "state.sqlite", nas


def overwritten(file):
    size = file.stat().st_size
    with file.open("r+b") as out:
        out.seek(4096)
        out.write(b"\xff" * (size - 4096))


def halved(file):
    with file.open("r+b") as out:
        out.truncate(file.stat().st_size // 2 + 100)


DAMAGES = {
    "garbage": lambda file: file.write_bytes(b"these are not the pages you are looking for" * 100),
    "cut": halved,
    "pages overwritten": overwritten,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_set_aside_and_the_daemon_starts(stage, tmp_path, name):
    file, nas = grown(stage, tmp_path / "state")
    DAMAGES[name](file)
    found = file.read_bytes()
    for round_number in (1, 2):
        exporter = stage.start(Administrated, administrated(nas.url, file.parent)).polled()
        lines = [line for line in exporter.process.output().splitlines() if "set_aside=" in line]
        aside = sorted(one for one in file.parent.iterdir() if ".corrupt-" in one.name)
        if round_number == 1:
            assert len(lines) == 1 and "level=error" in lines[0], lines
            assert f"file={file}" in lines[0] and f"set_aside={aside[0]}" in lines[0], lines
            assert "holds" in lines[0] and "stays paused" in lines[0], lines
        else:
            assert not lines, "the new file is whole"
        assert [one.read_bytes() for one in aside] == [found]
        # Nobody pretends to know what was in it; and everything works again.
        assert holds(exporter) == []
        if round_number == 1:
            assert audit(exporter) == []
            pause(exporter, DROPBOX + 1)
            eventually(lambda: released(exporter))
        else:
            assert [one["action"] for one in reversed(audit(exporter))][:1] == ["pause"]
        exporter.stop()


def released(exporter):
    for hold in holds(exporter):
        exporter.admin.delete(f"/holds/{hold['id']}")
    assert holds(exporter) == []


def test_records_that_cannot_be_read_are_no_reason_not_to_start(stage, tmp_path):
    file, nas = grown(stage, tmp_path / "state")
    with sqlite3.connect(file) as database:
        for table in ("hold", "audit"):
            assert database.execute(f"UPDATE {table} SET record = 'no JSON'").rowcount == 1
    database.close()
    exporter = stage.start(Administrated, administrated(nas.url, file.parent)).polled()
    assert "level=error" in exporter.process.output() or "level=warn" in exporter.process.output()
    assert exporter.metrics().value("cloudsync_up", nas="home") == 1


def test_the_database_of_another_program_is_refused(tmp_path):
    file = tmp_path / "grafana.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE dashboard (id INTEGER)")
    database.close()
    found = file.read_bytes()
    config = configuration(NOWHERE, state_file=str(file),
                           admin={"enabled": True, "listen_address": "127.0.0.1:0"})
    done = run("--config.file", write(tmp_path, config), "--web.listen-address", "127.0.0.1:0", directory=tmp_path)
    assert done.returncode == 1, done
    first = (done.stdout + done.stderr).splitlines()[0]
    for word in (str(file), "another program", "name another file in state_file"):
        assert word in first, first
    assert PASSWORD not in first
    assert file.read_bytes() == found and not [one for one in tmp_path.iterdir() if "corrupt" in one.name]


def test_without_the_admin_api_the_database_of_another_program_is_a_warning(stage, tmp_path):
    file = tmp_path / "grafana.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE dashboard (id INTEGER)")
    database.close()
    exporter = stage.exporter(configuration(NOWHERE, state_file=str(file)))
    line = exporter.process.line(r"^.*level=warn.*$")[0]
    assert "another program" in line and str(file) in line, line
