"""The commands as users type them."""

import json
import re
import subprocess

import pytest

from support import exposition, http
from support.exporter import configuration, write
from support.program import REPOSITORY, catalogue, run
from support.prometheus import closed_port
from support.wait import eventually

BAD = """\
nas:
  home:
    url: nas:5000
    username: exporter
    pasword: hunter2
poll:
  interval: 10ms
"""


def check(tmp_path, text, **environment):
    file = tmp_path / "exporter.yaml"
    file.write_text(text)
    return run("check-config", "--config.file", file, directory=tmp_path, **environment)


def test_check_config_takes_a_good_file(tmp_path):
    (tmp_path / "dsm").write_text("secret\n")
    done = check(tmp_path, f"nas:\n  home:\n    url: https://nas.lan:5001\n    username: exporter\n"
                           f"    password_file: {tmp_path}/dsm\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "home" in done.stdout


def test_check_config_reports_every_problem_at_once(tmp_path):
    done = check(tmp_path, BAD)
    assert done.returncode == 64
    for key in ("nas.home.url", "nas.home.pasword", "perhaps meant password", "nas.home.password", "poll.interval"):
        assert key in done.stderr, done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_check_config_hears_the_environment(tmp_path):
    done = check(tmp_path, "nas:\n  home:\n    url: https://nas.lan:5001\n    username: exporter\n",
                 CLOUDSYNC_EXPORTER__NAS__HOME__PASSWORD="007")
    assert done.returncode == 0, done.stderr


def test_a_number_as_password_must_be_quoted(tmp_path):
    done = check(tmp_path, "nas:\n  home:\n    url: https://nas.lan:5001\n    username: exporter\n    password: 1234\n")
    assert done.returncode == 64
    assert "nas.home.password" in done.stderr and "quote" in done.stderr
    assert "1234" not in done.stderr


@pytest.mark.parametrize("command", ["run", "once", "doctor", "check-config"])
def test_a_missing_file_is_named(tmp_path, command):
    done = run(command, "--config.file", "none.yaml", directory=tmp_path)
    assert done.returncode == 64
    assert "none.yaml" in done.stderr


def test_default_config_is_the_committed_one(tmp_path):
    done = run("default-config", directory=tmp_path)
    assert done.returncode == 0
    assert done.stdout == (REPOSITORY / "deploy/default-config.yaml").read_text()


def test_version(tmp_path):
    done = run("--version", directory=tmp_path)
    version = re.search(r'^version = "(.+)"$', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE)[1]
    assert done.returncode == 0
    assert version in done.stdout


def test_help_names_every_command(tmp_path):
    done = run("--help", directory=tmp_path)
    assert done.returncode == 0
    for command in ("run", "demo", "simulate", "doctor", "check-config", "rules", "default-config", "once",
                    "healthcheck", "metrics", "ctl"):
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE), command


@pytest.mark.parametrize("command, heard", [("ctl pause", []), ("simulate", ["--log.level"]), ("healthcheck", []),
                                            ("rules test", ["--config.file"]),
                                            ("doctor", ["--config.file", "--log.level"])])
def test_help_shows_the_flags_that_are_heard(tmp_path, command, heard):
    said = run(*command.split(), "--help", directory=tmp_path).stdout
    shown = {flag for flag in re.findall(r"--[a-z]+\.[a-z.-]+", said)}
    assert set(heard) <= shown and (command == "doctor" or shown == set(heard)), shown


def test_hosts_that_are_none_are_found_before_the_start(tmp_path):
    (tmp_path / "dsm").write_text("secret\n")
    done = check(tmp_path, f"nas:\n  home:\n    url: https://nas.lan:5001\n    username: exporter\n"
                           f"    password_file: {tmp_path}/dsm\nadmin:\n  allowed_hosts: ['a:b']\n")
    assert done.returncode == 64
    assert "admin.allowed_hosts" in done.stderr


def test_once(stage, tmp_path):
    nas = stage.simulator()
    file = write(tmp_path / "once", configuration(nas.url))
    done = run("once", "--config.file", file, directory=file.parent)
    assert done.returncode == 0, done.stderr
    metrics = exposition.Samples(exposition.text(done.stdout))
    assert metrics.value("cloudsync_up", nas="home") == 1
    assert metrics.value("cloudsync_connections", nas="home") == 6
    assert metrics.select("cloudsync_connection_quota_used_bytes")
    methods = [request["method"] for request in nas.requests()]
    assert methods.count("login") == 1 and methods[-1] == "logout"


def test_once_fails_with_the_nas(tmp_path):
    file = write(tmp_path, configuration(f"http://127.0.0.1:{closed_port()}"))
    done = run("once", "--config.file", file, directory=tmp_path)
    assert done.returncode == 1
    metrics = exposition.Samples(exposition.text(done.stdout))
    assert metrics.value("cloudsync_up", nas="home") == 0
    assert metrics.true("cloudsync_down_reason", "reason", nas="home") == "connect"
    assert "home: cannot connect" in done.stderr


def test_doctor_of_a_good_nas(stage, tmp_path):
    nas = stage.simulator()
    file = write(tmp_path / "doctor", configuration(nas.url))
    done = run("doctor", "--config.file", file, directory=file.parent)
    assert done.returncode == 0, done.stdout
    lines = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert [line[1] for line in lines] == ["resolve", "connect", "tls", "api", "login", "package", "permission",
                                           "versions", "sample"]
    assert {line[2] for line in lines} == {"ok", "WARN"}
    assert [line[1] for line in lines if line[2] == "WARN"] == ["tls"]
    assert "6 connections" in lines[-1][3]


def test_healthcheck(stage, tmp_path):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url))
    assert run("healthcheck", "--url", exporter.url, directory=tmp_path).returncode == 0
    refused = run("healthcheck", "--url", f"http://127.0.0.1:{closed_port()}", directory=tmp_path)
    assert refused.returncode == 1
    assert "/-/healthy" in refused.stderr


def test_metrics_as_json_and_markdown_are_one_catalogue(tmp_path):
    rows = catalogue().values()
    assert {key for row in rows for key in row} == {"name", "type", "unit", "labels", "help", "stability"}
    table = run("metrics", directory=tmp_path).stdout
    assert table == run("metrics", "--format", "md", directory=tmp_path).stdout
    lines = table.splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [row["name"] for row in rows]


def test_demo_shows_its_urls_and_they_answer(stage):
    demo = stage.demo()
    said = demo.process.output()
    urls = {url for url in re.findall(r"http://[0-9.:]+/\S*", said) if url.startswith(demo.url)}
    assert {url.removeprefix(demo.url) for url in urls} >= {"/", "/metrics", "/probe?nas=demo", "/sd"}
    for url in urls:
        assert http.get(url).status == 200, url
    page = http.get(demo.url + "/").text
    assert "demo" in page

    eventually(lambda: _assert_up(demo))


def test_what_the_demo_prints_can_be_pasted(stage):
    demo = stage.demo()
    lines = [line.strip() for line in demo.process.output().splitlines() if line.startswith("  curl ")]
    assert len(lines) >= 9, lines
    eventually(lambda: _assert_up(demo))
    answers = [_paste(line) for line in lines]
    assert all(answers), answers
    of_the_api = [json.loads(answer) for line, answer in zip(lines, answers) if "Authorization" in line]
    assert not any("status" in answer and "title" in answer for answer in of_the_api), of_the_api
    assert any(answer.get("records") for answer in of_the_api), of_the_api
    assert [answer.get("accepted") for answer in of_the_api].count(1) == 2, of_the_api
    assert any("decisions" in answer for answer in of_the_api), of_the_api


def _assert_up(demo):
    metrics = exposition.Samples(exposition.text(http.get(demo.url + "/metrics").text))
    assert metrics.value("cloudsync_up", nas="demo") == 1


def _paste(line):
    done = subprocess.run(["bash", "-c", line], text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout


def test_flag_beats_environment_beats_file(stage, tmp_path):
    nas = stage.simulator()
    config = configuration(nas.url, web={"telemetry_path": "/file"})
    file = write(tmp_path, config)
    arguments = ["check-config", "--config.file", file]
    assert run(*arguments, directory=tmp_path, CLOUDSYNC_EXPORTER__WEB__TELEMETRY_PATH="bad").returncode == 64
    assert run(*arguments, "--web.telemetry-path", "/flag", directory=tmp_path,
               CLOUDSYNC_EXPORTER__WEB__TELEMETRY_PATH="bad").returncode == 0
    exporter = stage.exporter(config)
    assert http.get(exporter.url + "/file").status == 200
    assert http.get(exporter.url + "/metrics").status == 404
