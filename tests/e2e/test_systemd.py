"""The unit for a plain Linux host, as systemd itself judges it. Nothing starts it here."""

import re
import subprocess

import pytest
import yaml

from support.program import BINARY, REPOSITORY, run

UNIT = REPOSITORY / "deploy/systemd/cloudsync-exporter.service"
# Of 10 points, in tenths: systemd calls 2 and less "OK", of which 0 is a service that can do nothing.
EXPOSURE = 15


def settings():
    """Every setting of the unit, by name; of those that come several times the list."""
    found = {}
    for name, value in re.findall(r"^([A-Z]\w+)=(.*)$", UNIT.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def unit(tmp_path):
    """The unit with the program where it is here."""
    copy = tmp_path / UNIT.name
    text = UNIT.read_text()
    assert text.count("/usr/local/bin/cloudsync-exporter") == 1
    copy.write_text(text.replace("/usr/local/bin/cloudsync-exporter", str(BINARY)))
    return copy


def test_systemd_understands_it(unit):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], text=True, capture_output=True, timeout=60,
                          check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_is_exposed_to_little():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", UNIT], text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout


def test_a_configuration_that_cannot_be_used_is_not_tried_again(tmp_path):
    """The program's own exit code for it."""
    (tmp_path / "config.yaml").write_text("nas: {}\n")
    done = run("--config.file", "config.yaml", directory=tmp_path)
    assert settings()["RestartPreventExitStatus"] == [str(done.returncode)]


def test_what_fails_again_and_again_ends():
    """All tries fit into the interval that they are counted in."""
    said = settings()
    (pause,), (burst,), (interval,) = said["RestartSec"], said["StartLimitBurst"], said["StartLimitIntervalSec"]
    assert said["Restart"] == ["on-failure"] and pause.endswith("s") and interval.endswith("min")
    # A start that fails does so within a second or two.
    assert int(burst) * (int(pause[:-1]) + 2) < int(interval[:-3]) * 60


def test_it_tells_the_service_manager():
    said = settings()
    assert said["Type"] == ["notify"] and said["WatchdogSec"] and said["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_the_configuration_that_its_comment_shows_is_good(tmp_path):
    """With the credential where systemd puts it: secrets/dsm of LoadCredential=secrets:… is secrets_dsm."""
    shown = "".join(line[4:] + "\n" for line in UNIT.read_text().splitlines() if line.startswith("#   "))
    shown = shown[shown.index("nas:"):]
    file = yaml.safe_load(shown)["nas"]["home"]["password_file"]
    (loaded,) = settings()["LoadCredential"]
    assert file == f"/run/credentials/{UNIT.name}/{loaded.split(':')[0]}_dsm"
    (tmp_path / "dsm").write_text("secret\n")
    (tmp_path / "config.yaml").write_text(shown.replace(file, str(tmp_path / "dsm")))
    done = run("check-config", "--config.file", "config.yaml", directory=tmp_path)
    assert done.returncode == 0, done.stderr
