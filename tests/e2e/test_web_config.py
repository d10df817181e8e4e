"""Web configurations: the same verdict as promtool's, and listeners with TLS and users before real clients."""

import base64
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request

import bcrypt
import pytest

from support import http
from support.admin import OPS, Administrated, administrated
from support.exporter import configuration, write
from support.program import BINARY, REPOSITORY, environment, run
from support.prometheus import free_port
from support.tls import Authority
from support.wait import eventually

FILES = sorted((REPOSITORY / "tests/web-config").glob("*/*.yml"))
PROMETHEUS = tuple(map(int, re.search(
    r"version (\d+)\.(\d+)", subprocess.run(["promtool", "--version"], capture_output=True, text=True, check=True).stdout
    or "").groups()))
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


def users(**passwords):
    """basic_auth_users with these passwords."""
    hashes = {name: bcrypt.hashpw(text.encode(), bcrypt.gensalt(4)).decode() for name, text in passwords.items()}
    return "basic_auth_users:\n" + "".join(f"  {name}: {text}\n" for name, text in hashes.items())


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("tls"))
    made.sign("server")
    made.sign("client", "prometheus.example")
    made.loose_key("other")
    (made.directory / "junk.pem").write_text("junk\n")
    return made


@pytest.fixture
def placed(authority, tmp_path):
    """A directory of the test's own with the certificates in it."""
    return shutil.copytree(authority.directory, tmp_path / "web")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_verdict(file, placed):
    text = file.read_text()
    remarks = dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))

    def inline(name):
        return (placed / name[1]).read_text().replace("\n", "\\n")

    web = placed / "web.yml"
    web.write_text(re.sub(r"@([a-z.]+)@", inline, text))
    config = write(placed, configuration("http://127.0.0.1:9", web={"config_file": str(web)}))
    ours = run("check-config", "--config.file", config, directory=placed)
    verdict = file.parent.name
    assert ours.returncode == (0 if verdict == "good" else 64), ours.stderr
    if verdict == "bad":
        assert f"web.config_file: " in ours.stderr and remarks["says"] in ours.stderr, ours.stderr
    since = tuple(map(int, remarks.get("since", "0.0").split(".")))
    if PROMETHEUS >= since:
        expected = remarks.get("promtool", verdict).split(",")[0]
        asked = subprocess.run(["promtool", "check", "web-config", web], capture_output=True, text=True, check=False)
        assert asked.returncode == (0 if expected == "good" else 1), asked.stdout + asked.stderr


def test_prometheus_scrapes_by_tls_as_a_user(stage, authority, placed):
    nas = stage.simulator()
    (placed / "web.yml").write_text(
        TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
        "  client_allowed_sans: [prometheus.example]\n" + users(prometheus="scrape me")
        + "auth_excluded_paths: [/-/ready]\n")
    exporter = stage.exporter(configuration(nas.url, web={"config_file": str(placed / "web.yml")}))
    target = exporter.url.removeprefix("http://")
    common = {"scheme": "https", "static_configs": [{"targets": [target]}]}
    tls = {"ca_file": str(authority.file), "cert_file": str(placed / "client.crt"), "key_file": str(placed / "client.key")}
    user = {"username": "prometheus", "password": "scrape me"}
    prometheus = stage.prometheus([
        {"job_name": "both", **common, "tls_config": tls, "basic_auth": user},
        {"job_name": "http1", **common, "tls_config": tls, "basic_auth": user, "enable_http2": False},
        {"job_name": "nobody", **common, "tls_config": tls},
        {"job_name": "stranger", **common, "tls_config": {"ca_file": str(authority.file)}, "basic_auth": user},
        {"job_name": "plain", "static_configs": [{"targets": [target]}], "basic_auth": user},
    ])

    def scraped():
        up = {labels["job"]: value for labels, value in prometheus.query("up")}
        assert up == {"both": 1, "http1": 1, "nobody": 0, "stranger": 0, "plain": 0}, up
        assert prometheus.value('cloudsync_up{job="both"}') == 1

    eventually(scraped)
    refused = 'cloudsync_exporter_http_requests_total{job="both", handler="refused", code="401"}'
    eventually(lambda: _positive(prometheus.value(refused)))
    # A health check of a container has neither certificate nor user: TLS is what keeps it out, not the users.
    outcome = run("healthcheck", "--url", exporter.url.replace("http:", "https:"), directory=placed)
    assert outcome.returncode == 1, outcome


def _positive(value):
    assert value > 0


def test_health_is_open_and_the_rest_is_not(stage, authority, placed):
    nas = stage.simulator()
    web = placed / "web.yml"
    web.write_text(TLS + users(prometheus="scrape me") + "auth_excluded_paths: [/-/healthy]\n")
    exporter = stage.exporter(configuration(nas.url, web={"config_file": str(web)}))
    url = exporter.url.replace("http:", "https:")
    assert run("healthcheck", "--url", url, directory=placed).returncode == 0
    opener = authority.opener()

    def status(path, headers=None):
        request = urllib.request.Request(url + path, headers=headers or {})
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    for path in ("/", "/metrics", "/probe?nas=home", "/sd", "/-/ready", "/nowhere"):
        assert status(path) == 401, path
        expected = 404 if path == "/nowhere" else 200
        assert status(path, basic("prometheus", "scrape me")) == expected, path
    # A user that comes counts at once; a file that is bad leaves the users in force, and shows.
    web.write_text(TLS + users(alice="in wonderland"))
    eventually(lambda: _same(status("/metrics", basic("alice", "in wonderland")), 200))
    assert status("/metrics", basic("prometheus", "scrape me")) == 401
    assert status("/-/healthy") == 401
    web.write_text("tls_server_config: [")
    eventually(lambda: _same(_value(opener, url), 0))
    assert status("/metrics") == 401
    assert "the web configuration cannot be used, the old one stays in force: line" in exporter.process.output()
    # Nor does a reload of everything take it, or lose it.
    exporter.process.signal(1)
    exporter.process.line(r"the configuration cannot be used, the old one stays in force: web.config_file")
    assert status("/metrics") == 401
    web.write_text(TLS + users(alice="in wonderland"))
    eventually(lambda: _same(_value(opener, url), 1))


def _same(one, other):
    assert one == other


def _value(opener, url):
    request = urllib.request.Request(url + "/metrics", headers=basic("alice", "in wonderland"))
    with opener.open(request, timeout=30) as answer:
        text = answer.read().decode()
    return float(re.search(r'^cloudsync_exporter_web_config_last_reload_successful\{listener="web"\} (\S+)$', text,
                           re.MULTILINE)[1])


def test_a_renewed_certificate_is_shown_at_the_next_handshake(stage, placed):
    renewing = Authority(placed)
    renewing.sign("server")
    web = placed / "web.yml"
    web.write_text(TLS)
    exporter = stage.exporter(configuration("http://127.0.0.1:9", web={"config_file": str(web)}))
    host, port = exporter.url.removeprefix("http://").split(":")

    def shown():
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))

    for _ in range(5):
        assert shown() == ssl.PEM_cert_to_DER_cert((placed / "server.crt").read_text())
        renewing.sign("server")


def test_the_admin_api_by_tls(stage, authority, placed, tmp_path):
    nas = stage.simulator()
    web = placed / "admin.yml"
    web.write_text(TLS)
    config = administrated(nas.url, tmp_path / "admin", admin={
        "listen_address": "0.0.0.0:0", "config_file": str(web), "allowed_hosts": ["localhost"]})
    exporter = stage.start(Administrated, config)
    port = exporter.admin_url.rsplit(":", 1)[1]
    token = placed / "token"
    token.write_text(OPS + "\n")

    def ctl(*arguments):
        return subprocess.run([BINARY, "ctl", "--url", f"https://localhost:{port}", "--token-file", token, "--ca-file",
                               authority.file, *arguments], env=environment(), capture_output=True, text=True,
                              timeout=60, check=False)

    eventually(lambda: _same(ctl("status").returncode, 0))
    paused = ctl("pause", "Dropbox", "--reason", "by TLS")
    assert paused.returncode == 0, paused.stderr
    # Who comes without is told so, and no token was looked at.
    answer = http.request(f"http://127.0.0.1:{port}/api/v1/holds", headers={"Authorization": f"Bearer {OPS}"})
    assert answer.status == 400 and "https" in answer.text
    # A page of the same host without TLS is another site.
    opener = authority.opener()
    request = urllib.request.Request(f"https://localhost:{port}/api/v1/holds", headers={
        "Authorization": f"Bearer {OPS}", "Origin": f"http://localhost:{port}"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(request, timeout=30)
    assert refused.value.code == 403


@pytest.mark.parametrize("text, key, part", [
    ("", "admin.config_file", "has no tls_server_config, and the listener is not on loopback"),
    (TLS + users(alice="x"), "admin.config_file", "basic_auth_users: here the header that users need carries tokens"),
    (TLS.replace("server.key", "nowhere.key"), "admin.config_file", "cannot read"),
])
def test_an_admin_listener_does_not_start_without_what_it_needs(placed, text, key, part):
    web = placed / "admin.yml"
    web.write_text(text)
    config = write(placed, administrated("http://127.0.0.1:9", placed, admin={
        "listen_address": f"0.0.0.0:{free_port()}", "config_file": str(web)}))
    for command in ("check-config", "run"):
        outcome = run(command, "--config.file", config, directory=placed)
        assert outcome.returncode == 64 and f"{key}: " in outcome.stderr and part in outcome.stderr, outcome.stderr
        assert outcome.stderr.count(str(web)) == 1, outcome.stderr
