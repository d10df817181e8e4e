"""Starts that cannot succeed: the first line says which setting is wrong and what to do, and the exit code is not 0.

64 is for what is wrong until somebody corrects the configuration, so that service managers need not try again; 1 for what
may pass by itself."""

import socket

import pytest

from support.exporter import configuration, write
from support.program import run
from support.simulator import PASSWORD

NAS = "http://127.0.0.1:9"
USAGE, FAILURE = 64, 1
NO_PLACE = "/proc/none/state.sqlite"


@pytest.fixture
def taken():
    """An address that another program listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield "127.0.0.1:{}".format(holder.getsockname()[1])


def refused(code, directory, config, *said, arguments=(), **extra):
    """Starts the daemon, which must end with the code and say these words in its first line."""
    file = write(directory, config)
    done = run("--config.file", file, "--web.listen-address", "127.0.0.1:0", *arguments, directory=directory, **extra)
    first = (done.stdout + done.stderr).splitlines()[0]
    assert done.returncode == code, done
    for word in said:
        assert word in first, f"{word!r} is not in the first line: {first}"
    assert PASSWORD not in done.stdout + done.stderr
    return first


def test_a_secret_that_is_missing(tmp_path):
    config = configuration(NAS, password=None, nas={"password_file": "/run/secrets/none"})
    refused(USAGE, tmp_path, config, "nas.home.password_file", "/run/secrets/none", "No such file", "may read")


def test_no_secret_at_all(tmp_path):
    refused(USAGE, tmp_path, configuration(NAS, password=None), "nas.home.password_file", "is missing",
            "exactly one of password_file and password")


def test_a_secret_that_is_empty(tmp_path):
    (tmp_path / "dsm").write_text("\n")
    config = configuration(NAS, password=None, nas={"password_file": str(tmp_path / "dsm")})
    refused(USAGE, tmp_path, config, "nas.home.password_file", "is empty", "a file with the secret in it")


def test_a_token_that_is_missing(tmp_path):
    tokens = {"ops": {"token_file": "/run/secrets/none", "scopes": ["read"]}}
    refused(USAGE, tmp_path, configuration(NAS, admin={"enabled": True, "tokens": tokens}),
            "admin.tokens.ops.token_file", "/run/secrets/none", "may read")


@pytest.mark.parametrize("url", ["nas.lan:5001", "ftp://nas.lan", "https://", "https://nas.lan:99999", ""])
def test_an_address_of_a_nas_that_is_none(tmp_path, url):
    refused(USAGE, tmp_path, configuration(url), "nas.home.url", "https://nas.lan:5001")


def test_a_nas_that_does_not_answer_is_no_bad_start(stage):
    """It may be switched on later. The log says what is wrong, and so does the metric."""
    exporter = stage.exporter(configuration("http://nas.invalid:5000"))
    line = exporter.process.line(r"^.*NAS is down.*$")[0]
    for word in ("nas=home", "reason=dns", "nas.invalid", "Check the spelling"):
        assert word in line, line


@pytest.mark.parametrize("address, said", [("nonsense", "is no listen address"),
                                           ("127.0.0.1:70000", "is no listen address")])
def test_a_listen_address_that_is_none(tmp_path, address, said):
    refused(USAGE, tmp_path, configuration(NAS), "web.listen_address", said, "allowed: ",
            arguments=["--web.listen-address", address])


def test_a_listen_address_of_another_host(tmp_path):
    refused(FAILURE, tmp_path, configuration(NAS), "cannot listen on 192.0.2.1:9842", "correct it in web.listen_address",
            arguments=["--web.listen-address", "192.0.2.1:9842"])


def test_a_port_in_use(tmp_path, taken):
    refused(FAILURE, tmp_path, configuration(NAS), f"cannot listen on {taken}", "in use",
            "choose another port in web.listen_address", arguments=["--web.listen-address", taken])


def test_the_admin_port_in_use(tmp_path, taken):
    config = configuration(NAS, admin={"enabled": True, "listen_address": taken},
                           state_file=str(tmp_path / "state.sqlite"))
    refused(FAILURE, tmp_path, config, f"cannot listen on {taken}", "in use",
            "choose another port in admin.listen_address")


def test_a_state_file_that_cannot_be_written(tmp_path):
    """With the admin API, whose audit must not be lost. Not even root makes files there."""
    config = configuration(NAS, admin={"enabled": True, "listen_address": "127.0.0.1:0"}, state_file=NO_PLACE)
    refused(FAILURE, tmp_path, config, f"cannot write the state file {NO_PLACE}", "may write to")


def test_without_the_admin_api_a_state_file_that_cannot_be_written_is_a_warning(stage):
    exporter = stage.exporter(configuration(NAS, state_file=NO_PLACE))
    line = exporter.process.line(r"^.*level=warn.*$")[0]
    assert NO_PLACE in line and "may write to" in line, line


@pytest.mark.parametrize("shard", ["3/3", "a/3", "3", "-1/3"])
def test_a_shard_that_is_none(tmp_path, shard):
    refused(USAGE, tmp_path, configuration(NAS), "poll.shard", "allowed: INDEX/TOTAL",
            CLOUDSYNC_EXPORTER__POLL__SHARD=shard)


def test_a_file_that_is_missing(tmp_path):
    done = run("--config.file", "none.yaml", directory=tmp_path)
    assert done.returncode == USAGE
    assert "none.yaml" in done.stderr.splitlines()[0]


def test_several_problems_are_all_told_the_first_in_the_first_line(tmp_path):
    file = write(tmp_path, configuration("nowhere", poll={"interval": "1ms"}))
    done = run("--config.file", file, directory=tmp_path)
    first, *others = done.stderr.splitlines()
    assert done.returncode == USAGE
    assert "nas.home.url" in first and any("poll.interval" in line for line in others), done.stderr


def test_a_simulated_nas_says_why_it_cannot_listen(tmp_path, taken):
    done = run("simulate", "--listen", taken, directory=tmp_path)
    assert done.returncode == FAILURE
    assert done.stderr.startswith(f"cloudsync-exporter: cannot listen on {taken}: "), done.stderr
    assert "another program has this port: end that, or choose another port in --listen" in done.stderr
