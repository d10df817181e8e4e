"""deploy/compose: understood by docker-compose, and its services one by one without containers, from the simulated NAS
to the webhook."""

import json

import pytest
import yaml

from support import http
from support.composed import COMPOSE, Composition, understood
from support.program import REPOSITORY
from support.wait import eventually

OURS = {"exporter", "nas"}
PROJECT = REPOSITORY / "deploy/nas-project"


@pytest.fixture(scope="module")
def file():
    return understood()


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    composition = Composition(tmp_path_factory.mktemp("composed"))
    try:
        composition.start_all()
        yield composition
    finally:
        composition.stop()


def asked(services, host, path):
    answer = http.get(services.url(host) + path)
    assert answer.status == 200, answer
    return answer.json()


def test_all_are_there(file):
    assert file["services"].keys() == OURS | {"tokens", "prometheus", "alertmanager", "grafana"}


def test_the_simulated_nas_is_the_default_and_only_that():
    profile = [service for service in understood()["services"].values() if service.get("profiles") == ["simulated"]]
    assert len(profile) == 1 and "simulate" in profile[0]["command"]
    assert "COMPOSE_PROFILES=simulated" in (COMPOSE / ".env").read_text().splitlines()
    # Nobody waits for it: with an own NAS it is not there.
    assert all("nas" not in service.get("depends_on", {}) for service in understood()["services"].values())


def test_an_own_nas_needs_its_address_and_its_secret_alone():
    said = understood(NAS_URL="https://nas.example:5001", NAS_USERNAME="somebody", NAS_PASSWORD_FILE="/secrets/dsm",
                      NAS_PIN_SHA256="pin")
    environment = said["services"]["exporter"]["environment"]
    assert environment["CLOUDSYNC_EXPORTER__NAS__HOME__URL"] == "https://nas.example:5001"
    assert environment["CLOUDSYNC_EXPORTER__NAS__HOME__USERNAME"] == "somebody"
    assert environment["CLOUDSYNC_EXPORTER__NAS__HOME__TLS__PIN_SHA256"] == "pin"
    assert said["secrets"]["dsm"]["file"] == "/secrets/dsm"


def test_our_containers_have_few_rights(file):
    project = understood(PROJECT)["services"]
    for service in [*(file["services"][name] for name in OURS), *project.values()]:
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["mem_limit"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in service, "the image says which"


def test_only_loopback_is_published(file):
    for name, service in file["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_the_admin_listener_is_for_alertmanager_alone(file):
    """It listens at a name on a network that two services share and that leads nowhere else."""
    assert file["networks"]["admin"]["internal"] is True
    on_it = {name for name, service in file["services"].items() if "admin" in (service.get("networks") or {})}
    assert on_it == {"exporter", "alertmanager"}
    (alias,) = file["services"]["exporter"]["networks"]["admin"]["aliases"]
    admin = yaml.safe_load((COMPOSE / "exporter.yaml").read_text())["admin"]
    assert admin["listen_address"] == f"{alias}:9843" and admin["allow_plaintext"] is True
    receivers = yaml.safe_load((REPOSITORY / "deploy/alertmanager/alertmanager.yml").read_text())["receivers"]
    hooks = [hook["url"] for each in receivers for hook in each.get("webhook_configs", [])]
    assert hooks == [f"http://{alias}:9843/webhooks/alertmanager"]


def test_what_is_mounted_is_there(file):
    for name, service in file["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in file["volumes"] or (source.startswith("/") and (REPOSITORY / source).exists()), (name, mount)


def test_tokens_are_made_once(tmp_path):
    composition = Composition(tmp_path)
    composition.make_tokens()
    files = [composition.volume("webhook-token") / "cloudsync-token", composition.volume("ops-token") / "token"]
    first = [file.read_text() for file in files]
    assert first[0] != first[1] and all(len(token.strip()) == 64 for token in first)
    # Readable for the users of two containers.
    assert [file.stat().st_mode & 0o777 for file in files] == [0o644, 0o644]
    composition.make_tokens()
    assert [file.read_text() for file in files] == first


def test_prometheus_scrapes_and_has_the_rules(services):
    def up():
        targets = asked(services, "prometheus", "/api/v1/targets")["data"]["activeTargets"]
        assert {target["labels"]["job"] for target in targets if target["health"] == "up"} >= {"cloudsync"}, targets
        return asked(services, "prometheus", "/api/v1/rules")["data"]["groups"]

    groups = eventually(up)
    files = sorted((REPOSITORY / "deploy/prometheus").glob("*.rules.yml"))
    assert files, "deploy/prometheus has no *.rules.yml"
    expected = {group["name"] for file in files for group in yaml.safe_load(file.read_text())["groups"]}
    assert {group["name"] for group in groups} == expected


def test_an_alert_reaches_the_exporter(services):
    """Through Prometheus' own Alertmanager, with the token that was made for it. The rule only observes."""
    def known():
        found = asked(services, "prometheus", "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        assert [one["url"] for one in found] == [services.url("alertmanager") + "/api/v2/alerts"], found

    eventually(known)
    labels = {"alertname": "CloudSyncMassDeletion", "severity": "critical", "nas": "home", "conn_id": "1"}
    sent = http.request(services.url("alertmanager") + "/api/v2/alerts", "POST",
                        [{"labels": labels, "annotations": {"summary": "a test"}}], {"Content-Type": "application/json"})
    assert sent.status == 200, sent

    def decided():
        found = json.loads(services.ctl("decisions", "--output", "json"))["decisions"]
        mine = [one for one in found if one["alert"] == "CloudSyncMassDeletion"]
        assert mine and mine[0]["outcome"] == "would_act" and mine[0]["rule"] == "mass_deletion", found

    eventually(decided)


def test_ctl_works_in_the_container(services):
    def shown():
        (nas,) = json.loads(services.ctl("status", "--output", "json"))["nas"]
        assert nas["name"] == "home" and nas["up"] is True, nas

    eventually(shown)


def test_grafana_is_provisioned(file):
    mounts = [mount.split(":")[:2] for mount in file["services"]["grafana"]["volumes"]]
    dashboards = next(source for source, target in mounts if target == "/var/lib/grafana/dashboards")
    assert dashboards == str(REPOSITORY / "dashboards")
    home = file["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (REPOSITORY / "dashboards" / home.rsplit("/", 1)[1]).is_file()
    (provider,) = yaml.safe_load((COMPOSE / "grafana/dashboards/cloudsync.yaml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    (source,) = yaml.safe_load((COMPOSE / "grafana/datasources/prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
