"""The image, built from the static program in CLOUDSYNC_EXPORTER_STATIC: from nothing, not root, read-only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.certificate import self_signed
from support.containers import Engine, as_root, checked
from support.process import Process
from support.program import REPOSITORY
from support.wait import eventually

IMAGE = "cloudsync-exporter"
STATE = "/var/lib/cloudsync-exporter"
PROGRAM = "/cloudsync-exporter"
NAS = "nas.test"


@pytest.fixture(scope="module")
def program():
    named = os.environ.get("CLOUDSYNC_EXPORTER_STATIC")
    assert named, "CLOUDSYNC_EXPORTER_STATIC names the program that deploy/build-static built"
    return Path(named).resolve()


@pytest.fixture(scope="module")
def engine(program):
    engine = Engine()
    try:
        engine.build(program, IMAGE)
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="module")
def nas(engine):
    """A simulated NAS in a container; its network namespace is that of the others."""
    nas = engine.start(IMAGE, "simulate", "--listen", "127.0.0.1:5000", "--account", "exporter", "--password", "secret")
    eventually(lambda: said(nas, "simulated NAS at"))
    return nas


def said(container, words):
    output = container.output()
    assert words in output, output
    return output


def environment(**keys):
    """Options of a container: settings by environment, of a NAS `home`."""
    settings = {"NAS__HOME__URL": "http://127.0.0.1:5000", "NAS__HOME__USERNAME": "exporter",
                "NAS__HOME__PASSWORD": "secret", "POLL__INTERVAL": "1s", **keys}
    return [part for key, value in settings.items() for part in ("--env", f"CLOUDSYNC_EXPORTER__{key}={value}")]


def beside(nas):
    return f"container:{nas.name}"


def test_the_program_is_static(program):
    done = subprocess.run(["ldd", program], text=True, capture_output=True, check=False)
    said = done.stdout + done.stderr
    assert "statically linked" in said or "not a dynamic executable" in said, said


def test_nothing_else_is_in_it(engine):
    root = Path(engine.mount(IMAGE))
    files = checked(*as_root("find", root, "-type", "f", "-printf", "%P %m %U\n")).splitlines()
    assert sorted(files) == ["cloudsync-exporter 755 0", "etc/ssl/certs/ca-certificates.crt 644 0"]


def test_what_the_image_says(engine):
    fields = "{{.Config.User}} {{.Config.Entrypoint}} {{.Config.WorkingDir}} {{.Config.ExposedPorts}}"
    told = checked(*engine.podman("inspect", "--type", "image", "--format", fields, IMAGE)).strip()
    assert told == f"65532:65532 [{PROGRAM}] {STATE} map[9842/tcp:{{}}]"
    check = checked(*engine.podman("inspect", "--type", "image", "--format", "{{.HealthCheck.Test}}", IMAGE)).strip()
    assert check == f"[CMD {PROGRAM} healthcheck]"


def test_it_runs_as_its_user_and_says_that_it_is_healthy(engine, nas):
    """With all that it keeps in a volume: the engine gives that the owner of the image's directory."""
    token = "ab" * 32
    admin = {"ADMIN__ENABLED": "true", "ADMIN__TOKENS__OPS__SHA256": token, "ADMIN__TOKENS__OPS__SCOPES": "read"}
    exporter = engine.start(IMAGE, network=beside(nas), options=[*environment(**admin), "--volume", f"state:{STATE}"])
    eventually(lambda: said(exporter, 'message="NAS is up"'))
    assert "no state file" not in exporter.output()
    checked_as = exporter.inspect(".State.Pid")
    owner = checked(*as_root("stat", "--format", "%u:%g", f"/proc/{checked_as}"))
    assert owner.strip() == "65532:65532"

    healthy = exporter.execute(PROGRAM, "healthcheck")
    assert healthy.returncode == 0, healthy
    code, _ = exporter.stop()
    assert code == 0, exporter.output()
    unhealthy = nas.execute(PROGRAM, "healthcheck")
    assert unhealthy.returncode == 1 and "refused" in unhealthy.stderr, "its listener is gone"


def test_a_directory_that_it_cannot_write(engine, nas):
    """No volume, and the image's own files are read-only."""
    admin = {"ADMIN__ENABLED": "true"}
    exporter = engine.start(IMAGE, network=beside(nas), options=environment(**admin))
    assert exporter.wait() == 1
    first = exporter.output().splitlines()[0]
    assert "cannot write the state file cloudsync-exporter.sqlite: Read-only file system" in first, first
    assert "may write to" in first, first


def test_time_zones_are_inside(engine, nas):
    options = environment(NAS__HOME__TIMEZONE="Europe/Berlin")
    checking = engine.start(IMAGE, "check-config", network=beside(nas), options=options)
    assert checking.wait() == 0, checking.output()


def test_names_are_resolved(engine, nas, tmp_path):
    """By a name server: a static program has to bring its own resolver."""
    entered = as_root("nsenter", "--target", nas.inspect(".State.Pid"), "--net")
    server = Process([*entered, sys.executable, REPOSITORY / "tests/e2e/support/name_server.py", NAS, "127.0.0.1"],
                     tmp_path, "names")
    try:
        server.line("^ready$")
        resolver = tmp_path / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        resolver.chmod(0o644)
        mounted = ["--volume", f"{resolver}:/etc/resolv.conf:ro"]
        known = engine.start(IMAGE, "doctor", network=beside(nas),
                             options=[*environment(NAS__HOME__URL=f"http://{NAS}:5000"), *mounted])
        assert known.wait() == 0, known.output()
        said(known, f"home  resolve     ok    {NAS} is 127.0.0.1")
        unknown = engine.start(IMAGE, "doctor", network=beside(nas),
                               options=[*environment(NAS__HOME__URL="http://none.test:5000"), *mounted])
        assert unknown.wait() == 1
        said(unknown, "home  resolve     FAIL  none.test: ")
    finally:
        server.stop()


def test_the_authorities_are_found(engine, nas, tmp_path):
    """A certificate is trusted when the image's file of authorities has it, and not otherwise."""
    pem, _ = self_signed(tmp_path)
    pem.chmod(0o644)
    key = ["--volume", f"{pem}:/nas.pem:ro"]
    tls = engine.start(IMAGE, "simulate", "--listen", "127.0.0.1:5001", "--account", "exporter", "--password",
                       "secret", "--tls-cert", "/nas.pem", "--tls-key", "/nas.pem", network=beside(nas), options=key)
    eventually(lambda: said(tls, "simulated NAS at"))
    trusted = ["--volume", f"{pem}:/etc/ssl/certs/ca-certificates.crt:ro"]
    to_tls = environment(NAS__HOME__URL="https://127.0.0.1:5001")
    for options, code, words in [(trusted, 0, "tls         ok"), ([], 1, "tls         FAIL")]:
        doctor = engine.start(IMAGE, "doctor", network=beside(nas), options=[*to_tls, *options])
        assert doctor.wait() == code, doctor.output()
        said(doctor, words)
