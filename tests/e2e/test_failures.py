"""What can be wrong with a NAS: each gives its reason in metrics, log and landing page, and the doctor names it."""

import base64
import hmac
import re
import struct
import time
from dataclasses import dataclass
from typing import Callable

import pytest

from support import http
from support.exporter import configuration, write
from support.program import run
from support.prometheus import closed_port, free_port
from support.simulator import PASSWORD
from support.wait import eventually

CLOUD_SYNC = "SYNO.CloudSync"
# Base32, as authenticator programs show it.
OTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Trouble:
    """What is wrong: given the stage, the configuration. What is said about it."""

    arrange: Callable
    reason: str
    stage: str
    advice: str


def simulated(spoil, **changes):
    """A simulated NAS that `spoil` was done to, and a configuration with `changes` for it."""
    def arrange(stage):
        nas = stage.simulator()
        spoil(nas)
        return configuration(nas.url, **changes)
    return arrange


def self_signed(stage):
    return configuration(stage.tls_simulator().url)


def second_factor(stage):
    return configuration(stage.simulator(0, "--otp-secret", OTP_SECRET).url)


TROUBLES = {
    "down": Trouble(lambda _: configuration(f"http://127.0.0.1:{closed_port()}"), "connect", "connect", "NAS is on"),
    "unknown host": Trouble(lambda _: configuration("http://nas.invalid:5000"), "dns", "resolve", "spelling"),
    "self-signed certificate": Trouble(self_signed, "tls", "tls", "pin_sha256"),
    "html": Trouble(simulated(lambda nas: nas.fault("html200")), "decode", "api", "address of DSM"),
    "gateway": Trouble(simulated(lambda nas: nas.fault({"status": [502, "<html>"]})), "http", "api", "proxy"),
    "hangs": Trouble(simulated(lambda nas: nas.fault("hang"), poll={"timeout": "1s"}), "timeout", "api", "timeout"),
    "wrong password": Trouble(simulated(lambda nas: None, password="wrong"), "auth", "login", "password"),
    "disabled": Trouble(simulated(lambda nas: nas.change(login_refusal=401)), "auth", "login", "account"),
    "second factor needed": Trouble(second_factor, "otp", "login", "otp"),
    "address blocked": Trouble(simulated(lambda nas: nas.change(blocked=True)), "blocked", "login", "block list"),
    "no package": Trouble(simulated(lambda nas: nas.change(package_installed=False)), "package_missing", "package",
                          "Install"),
    "no permission": Trouble(simulated(lambda nas: nas.fault({"code": 105}, CLOUD_SYNC, "list_conn")), "permission",
                             "permission", "right to use Cloud Sync"),
    "refused": Trouble(simulated(lambda nas: nas.fault({"code": 401}, CLOUD_SYNC, "list_conn")), "api", "permission",
                       "401"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_reason(stage, name):
    trouble = TROUBLES[name]
    config = trouble.arrange(stage)
    exporter = stage.exporter(config)
    assert eventually(exporter.reason) == trouble.reason
    # It is alive, and was tried: restarting it would not help.
    assert http.get(exporter.url + "/-/healthy").status == 200
    assert http.get(exporter.url + "/-/ready").status == 200
    # Said once, however many polls there are.
    polls = exporter.metrics().value("cloudsync_polls_total", nas="home")
    eventually(lambda: more(exporter, polls + 2))
    assert exporter.process.output().count("NAS is down") == 1
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_poll_failures_total", reason=trouble.reason) >= 2
    assert not metrics.select("cloudsync_connections")


def more(exporter, polls):
    assert exporter.metrics().value("cloudsync_polls_total", nas="home") >= polls


@pytest.mark.parametrize("name", TROUBLES)
def test_doctor_names_the_stage(stage, tmp_path, name):
    trouble = TROUBLES[name]
    file = write(tmp_path / "doctor", trouble.arrange(stage))
    done = run("doctor", "--config.file", file, directory=file.parent)
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    failed = [index for index, line in enumerate(lines) if line.startswith("home ") and " FAIL " in line]
    assert len(failed) == 1, done.stdout
    assert lines[failed[0]].split()[:3] == ["home", trouble.stage, "FAIL"], done.stdout
    assert trouble.advice in lines[failed[0]] + lines[failed[0] + 1], done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_one_login_attempt_until_the_password_changes(stage, tmp_path):
    nas = stage.simulator()
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    config = configuration(nas.url, password=None, nas={"password_file": str(secret)},
                           state_file=str(tmp_path / "state.sqlite"))
    exporter = stage.exporter(config)
    eventually(lambda: more(exporter, 4))
    assert nas.logins() == 1
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_nas_login_suspended", nas="home") == 1
    assert metrics.value("cloudsync_nas_login_failures_total", nas="home", reason="auth") == 1
    exporter.stop()

    # A restart is no reason to try again.
    again = stage.exporter(config)
    eventually(lambda: more(again, 3))
    assert again.reason() == "auth"
    assert nas.logins() == 1

    secret.write_text(PASSWORD + "\n")
    eventually(lambda: up(again))
    assert nas.logins() == 2
    assert again.metrics().value("cloudsync_nas_login_suspended", nas="home") == 0


def test_doctor_tries_a_refused_login_again_only_when_told(stage, tmp_path):
    nas = stage.simulator()
    file = write(tmp_path / "doctor", configuration(nas.url, password="wrong"))
    for arguments, logins in (([], 1), ([], 1), (["--retry-login"], 2)):
        done = run("doctor", *arguments, "--config.file", file, directory=file.parent)
        assert done.returncode == 1
        assert nas.logins() == logins, done.stdout


def up(exporter):
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_up", nas="home") == 1
    assert metrics.value("cloudsync_connections", nas="home") == 6
    assert metrics.true("cloudsync_down_reason", "reason", nas="home") is None


def test_down_from_the_start_and_then_there(stage):
    port = free_port()
    exporter = stage.exporter(configuration(f"http://127.0.0.1:{port}"))
    assert eventually(exporter.reason) == "connect"
    stage.simulator(port)
    eventually(lambda: up(exporter))


def test_dies_is_withdrawn_and_returns(stage):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url, poll={"stale_after": "2s"}))
    eventually(lambda: up(exporter))
    before = exporter.metrics()
    nas.stop()

    def withdrawn():
        metrics = exporter.metrics()
        assert metrics.value("cloudsync_up", nas="home") == 0
        assert not [labels for name in metrics.names() for labels, _ in metrics.select(name) if "conn_id" in labels]
        assert not metrics.select("cloudsync_volume_free_bytes")
        return metrics

    after = eventually(withdrawn)
    assert exporter.reason() == "connect"
    # What is known about the silence stays.
    since = "cloudsync_last_success_timestamp_seconds"
    assert after.value(since, nas="home") >= before.value(since, nas="home")
    stage.simulator(nas.port)
    eventually(lambda: up(exporter))
    assert exporter.process.output().count("NAS is up again") == 1


def test_lost_sessions_are_replaced_unseen(stage):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url))
    eventually(lambda: up(exporter))
    for lost in ("drop", "expire", "steal"):
        logins = nas.logins()
        nas.ask("POST", f"/sessions/{lost}")

        def logged_in():
            assert nas.logins() == logins + 1

        eventually(logged_in)
        # The poll that lost it has to end: a session lost twice within one call is a failure.
        polls = exporter.metrics().value("cloudsync_polls_total", nas="home")
        eventually(lambda: more(exporter, polls + 2))
    metrics = exporter.metrics()
    assert sum(value for _, value in metrics.select("cloudsync_poll_failures_total")) == 0
    assert nas.logins() == 4


def test_a_refused_section_costs_only_itself(stage):
    nas = stage.simulator()
    nas.fault({"code": 117}, CLOUD_SYNC, "get_property")
    exporter = stage.exporter(configuration(nas.url))
    eventually(lambda: up(exporter))
    metrics = eventually(lambda: with_settings(exporter))
    assert not metrics.select("cloudsync_connection_quota_used_bytes")
    failures = metrics.select("cloudsync_poll_section_failures_total")
    assert {labels["section"] for labels, value in failures if value} == {"quota"}
    nas.heal()

    def healed():
        assert exporter.metrics().select("cloudsync_connection_quota_used_bytes")

    eventually(healed)


def with_settings(exporter):
    metrics = exporter.metrics()
    assert metrics.select("cloudsync_connection_max_upload_speed")
    return metrics


def test_a_poll_is_one_request(stage):
    nas = stage.simulator()
    exporter = stage.exporter(configuration(nas.url, poll={"slow_interval": "1h", "stale_after": "1h"}))
    eventually(lambda: with_settings(exporter))
    nas.ask("DELETE", "/requests")

    def seen():
        requests = nas.requests()
        assert len(requests) >= 3
        return requests

    assert {request["method"] for request in eventually(seen)} == {"request"}
    before, asked = exporter.metrics(), len(nas.requests())

    def same_pace():
        polls = exporter.metrics().value("cloudsync_polls_total") - before.value("cloudsync_polls_total")
        assert polls >= 3
        assert abs(len(nas.requests()) - asked - polls) <= 1

    eventually(same_pace)


def test_the_pin_that_doctor_shows_makes_a_self_signed_certificate_trusted(stage, tmp_path):
    nas = stage.tls_simulator()
    file = write(tmp_path / "doctor", configuration(nas.url))
    shown = run("doctor", "--config.file", file, directory=file.parent).stdout
    pin = shown.split("pin_sha256 ")[1].split()[0].rstrip(";,")
    exporter = stage.exporter(configuration(nas.url, nas={"tls": {"pin_sha256": pin}}))
    eventually(lambda: up(exporter))
    assert exporter.metrics().value("cloudsync_nas_tls_certificate_expiry_timestamp_seconds") == nas.expiry


def test_one_time_codes_are_made_from_the_secret(stage):
    nas = stage.simulator(0, "--otp-secret", OTP_SECRET)
    exporter = stage.exporter(configuration(nas.url, nas={"otp_secret": OTP_SECRET}))
    eventually(lambda: up(exporter))
    assert OTP_SECRET not in exporter.process.output()


def test_a_device_id_from_doctor_takes_the_codes_place(stage, tmp_path):
    nas = stage.simulator(0, "--otp-secret", OTP_SECRET)
    file = write(tmp_path / "doctor", configuration(nas.url))
    done = run("doctor", "--otp-code", one_time_code(OTP_SECRET, time.time()), "--config.file", file,
               directory=file.parent)
    assert done.returncode == 0, done.stdout
    device = re.search(r"the device id is (\S+) ", done.stdout)[1]
    (tmp_path / "device").write_text(device + "\n")
    known = {"device_id_file": str(tmp_path / "device"), "device_name": "cloudsync-exporter"}
    exporter = stage.exporter(configuration(nas.url, nas=known))
    eventually(lambda: up(exporter))
    assert device not in exporter.process.output()


def one_time_code(secret, now):
    """RFC 6238 with its defaults."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(now) // 30), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def test_dsm_6_serves_as_well(stage):
    exporter = stage.exporter(configuration(stage.simulator(0, "--dsm-version", "6").url))
    eventually(lambda: up(exporter))
