"""deploy/nas.md shows what doctor prints for each mistake. Here each is made with a simulated NAS, and the text has to be
what doctor says, but for addresses, dates and pins."""

import re

import pytest

from support.exporter import configuration, write
from support.program import REPOSITORY, run
from support.prometheus import closed_port
from support.simulator import PASSWORD

GUIDE = (REPOSITORY / "deploy/nas.md").read_text()
SHOWN = dict(re.findall(r"^<!-- doctor: ([a-z-]+) -->\n```text\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))
# Where the guide has the NAS.
ADDRESS = "192.168.1.10"
OTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CLOUD_SYNC = "SYNO.CloudSync"


def on(*arguments, spoil=lambda nas: None, **changes):
    """A simulated NAS that was spoilt, and a configuration with changes for it."""
    def arrange(stage):
        nas = stage.simulator(0, *arguments)
        spoil(nas)
        return configuration(nas.url, **changes)
    return arrange


def refusing(code):
    return on(spoil=lambda nas: nas.change(login_refusal=code))


def tls(**changes):
    return lambda stage: configuration(stage.tls_simulator().url, nas={"tls": changes})


def https_to_http(stage):
    return configuration(stage.simulator().url.replace("http://", "https://"))


def http_to_https(stage):
    return configuration(stage.tls_simulator().url.replace("https://", "http://"))


def own_connections_only(nas):
    answer = nas.call("list_conn", is_tray=False, group_by="group_by_user")
    nas.fault({"raw_data": {**answer, "is_admin_mode": False}}, CLOUD_SYNC, "list_conn")


MISTAKES = {
    "name": lambda _: configuration("http://nas.invalid:5000"),
    "port": lambda _: configuration(f"http://127.0.0.1:{closed_port()}"),
    "https-to-http": https_to_http,
    "http-to-https": http_to_https,
    "self-signed": tls(),
    "pin": tls(pin_sha256="sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "plain-http": on(),
    "another-service": on(spoil=lambda nas: nas.fault("html200")),
    "password": on(password="wrong"),
    "disabled": refusing(401),
    "denied": refusing(402),
    "second-factor": on("--otp-secret", OTP_SECRET),
    "wrong-second-factor": on("--otp-secret", OTP_SECRET, nas={"otp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}),
    "enforced-second-factor": refusing(406),
    "blocked": on(spoil=lambda nas: nas.change(blocked=True)),
    "password-expired": refusing(408),
    "locked": refusing(411),
    "no-package": on(spoil=lambda nas: nas.change(package_installed=False)),
    "no-permission": on(spoil=lambda nas: nas.fault({"code": 105}, CLOUD_SYNC, "list_conn")),
    "own-connections": on(spoil=own_connections_only),
}


def tamed(text):
    """Without what is another each time."""
    text = re.sub(r"127\.0\.0\.1:\d+", f"{ADDRESS}:5001", text).replace("127.0.0.1", ADDRESS)
    text = re.sub(r"valid until [0-9-]+", "valid until DATE", text)
    return re.sub(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=", "PIN", text)


def complaints(done):
    """The lines that say FAIL or WARN, each with its advice; where TLS is no part of the mistake, not that there is
    none."""
    lines = [line for line in done.stdout.splitlines() if re.search(r"^home +\S+ +(FAIL|WARN) |^ +-> ", line)]
    return "".join(tamed(line) + "\n" for line in lines)


def without_plain_http(text):
    return "".join(line for line in text.splitlines(keepends=True) if "crosses the network in the clear" not in line)


def test_every_mistake_is_in_the_guide():
    assert SHOWN.keys() == MISTAKES.keys() | {"suspended"}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_guide_shows_what_doctor_prints(stage, tmp_path, name):
    file = write(tmp_path / "doctor", MISTAKES[name](stage))
    done = run("doctor", "--config.file", file, directory=file.parent)
    said = complaints(done)
    assert SHOWN[name] == (said if name == "plain-http" else without_plain_http(said)), done.stdout
    assert done.returncode == (1 if " FAIL " in said else 0)
    assert PASSWORD not in done.stdout + done.stderr


def test_the_guide_shows_a_login_that_is_held_back(stage, tmp_path):
    nas = stage.simulator()
    file = write(tmp_path / "doctor", configuration(nas.url, password="wrong"))
    run("doctor", "--config.file", file, directory=file.parent)
    again = run("doctor", "--config.file", file, directory=file.parent)
    said = re.sub(r"for another [0-9ms ]+ after", "for another 15m after", without_plain_http(complaints(again)))
    assert SHOWN["suspended"] == said, again.stdout
    assert nas.logins() == 1


@pytest.mark.parametrize("name", ["nas.md", "README.md"])
def test_links_lead_somewhere(name):
    directory = REPOSITORY / "deploy"
    for path, anchor in re.findall(r"\]\(([^)#:]*)(?:#([a-z0-9-]+))?\)", (directory / name).read_text()):
        file = directory / (path or name)
        assert file.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            anchors = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in anchors, (path, anchor)
