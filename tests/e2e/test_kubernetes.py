"""The Kustomize overlays: rendered, held to the schemas of Kubernetes, and to what the program needs."""

import re
import subprocess

import kubernetes_validate
import pytest
import yaml

from support.program import REPOSITORY, run
from support.rendered import KUBERNETES, container, expanded, one, render

OVERLAYS = ["base", "overlays/fleet", "overlays/prometheus-operator"]
# From the release on that has the label of a pod's ordinal, to the newest whose schemas are here.
VERSIONS = ["1.28", "1.37"]
OPERATORS = "monitoring.coreos.com/v1"
# kubectl keeps what it applied in an annotation; all annotations of an object have this much room.
LARGEST = 262144


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request):
    return render(request.param)


def pod(objects):
    return one(objects, "StatefulSet")["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_fit_the_schemas(objects, version):
    builtin = [each for each in objects if each["apiVersion"] != OPERATORS]
    assert builtin
    for each in builtin:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_schema_is_missed():
    """The validation is one."""
    wrong = one(render("base"), "StatefulSet")
    wrong["spec"]["replica"] = wrong["spec"].pop("replicas")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_all_is_in_the_namespace(objects):
    namespace = one(objects, "Namespace")["metadata"]["name"]
    for each in objects:
        if each["kind"] != "Namespace":
            assert each["metadata"]["namespace"] == namespace, each["metadata"]


def test_the_pod_has_few_rights(objects):
    """The profile `restricted` of the Pod Security Standards, a root that is read-only, and no account of its own."""
    labels = one(objects, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    spec = pod(objects)
    (only,) = spec["containers"]
    assert "initContainers" not in spec and not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                       "capabilities": {"drop": ["ALL"]}}
    assert {"requests", "limits"} <= only["resources"].keys()
    assert all(volume.keys() & {"configMap", "secret"} for volume in spec["volumes"])


def test_secrets_exist_already(objects):
    assert not [each for each in objects if each["kind"] == "Secret"]


def test_it_is_found_by_its_labels(objects):
    stateful, service = one(objects, "StatefulSet"), one(objects, "Service")
    labels = stateful["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert stateful["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert stateful["spec"]["serviceName"] == service["metadata"]["name"]
    assert one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ports = {port["name"] for port in pod(objects)["containers"][0]["ports"]}
    assert service["spec"]["ports"][0]["targetPort"] in ports
    assert one(objects, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"] in ports


def test_the_program_takes_arguments_and_configuration(objects, tmp_path):
    """With secrets where the pod has them, as far as paths can be elsewhere here."""
    stateful = one(objects, "StatefulSet")
    spec, (only,) = pod(objects), pod(objects)["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in only["volumeMounts"]}
    (claim,) = stateful["spec"]["volumeClaimTemplates"]
    assert {volume["name"] for volume in spec["volumes"]} | {claim["metadata"]["name"]} == mounts.keys()
    command, *flags = only["args"]
    file = flags[flags.index("--config.file") + 1]
    assert command == "run" and file.startswith(mounts["configuration"] + "/")
    (text,) = one(objects, "ConfigMap", configuration_name(spec))["data"].values()
    names = []
    for nas in yaml.safe_load(text)["nas"].values():
        directory, name = nas["password_file"].rsplit("/", 1)
        assert directory == mounts["secrets"]
        names.append(name)
        (tmp_path / name).write_text("secret\n")
    (tmp_path / "exporter.yaml").write_text(text.replace(mounts["secrets"], str(tmp_path)))
    for ordinal in range(stateful["spec"]["replicas"]):
        environment = expanded(stateful, ordinal)
        done = run("check-config", "--config.file", "exporter.yaml", directory=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
    # The image's directory of what is kept is the working directory.
    containerfile = (REPOSITORY / "deploy/container/Containerfile").read_text()
    assert f"WORKDIR {mounts['state']}\n" in containerfile and "USER 65532:65532\n" in containerfile


def configuration_name(spec):
    (name,) = [volume["configMap"]["name"] for volume in spec["volumes"] if "configMap" in volume]
    return name


def test_the_image_is_of_this_version(objects):
    version = re.search(r'^version = "(.+)"$', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE)[1]
    assert container(one(objects, "StatefulSet"))["image"] == f"cloudsync-exporter:{version}"


def test_probes_ask_what_there_is(objects):
    only = container(one(objects, "StatefulSet"))
    paths = {kind: only[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/-/healthy", "livenessProbe": "/-/healthy", "readinessProbe": "/-/ready"}
    assert only["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_each_instance_of_a_fleet_has_its_shard():
    stateful = one(render("overlays/fleet"), "StatefulSet")
    replicas = stateful["spec"]["replicas"]
    shards = [expanded(stateful, ordinal)["CLOUDSYNC_EXPORTER__POLL__SHARD"] for ordinal in range(replicas)]
    assert replicas > 1 and shards == [f"{ordinal}/{replicas}" for ordinal in range(replicas)]


def test_the_number_of_instances_stands_in_one_place(tmp_path):
    """Seven replicas make seven shards, without another edit."""
    fleet = KUBERNETES / "overlays/fleet"
    elsewhere = tmp_path / "kubernetes"
    subprocess.run(["cp", "-r", KUBERNETES, elsewhere], check=True)
    file = elsewhere / fleet.relative_to(KUBERNETES) / "kustomization.yaml"
    text = file.read_text()
    assert text.count("count: 3") == 1
    file.write_text(text.replace("count: 3", "count: 7"))
    stateful = one(render(file.parent), "StatefulSet")
    assert expanded(stateful, 6)["CLOUDSYNC_EXPORTER__POLL__SHARD"] == "6/7"


@pytest.fixture(scope="module")
def operated():
    return render("overlays/prometheus-operator")


def test_the_operator_scrapes_the_service(operated):
    monitor, service = one(operated, "ServiceMonitor"), one(operated, "Service")
    assert monitor["apiVersion"] == OPERATORS and monitor["spec"].keys() == {"selector", "endpoints"}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint.keys() == {"port", "path", "interval", "scrapeTimeout"} and endpoint["path"] == "/metrics"
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]


def rule_files():
    found = sorted((REPOSITORY / "deploy/prometheus").glob("*.rules.yml"))
    assert found, "deploy/prometheus has no *.rules.yml"
    return found


def test_the_operator_has_the_rules(operated, tmp_path):
    """The same groups as the files of deploy/prometheus, which Prometheus itself takes."""
    made = [each for each in operated if each["kind"] == "PrometheusRule"]
    assert all(each["apiVersion"] == OPERATORS and each["spec"].keys() == {"groups"} for each in made)
    files = [yaml.safe_load(file.read_text())["groups"] for file in rule_files()]
    again = "run deploy/kubernetes/generate, as it says on its top"
    assert [each["spec"]["groups"] for each in made] == files, again
    for number, each in enumerate(made):
        file = tmp_path / f"{number}.yml"
        file.write_text(yaml.safe_dump(each["spec"]))
        done = subprocess.run(["promtool", "check", "rules", file], text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_generated_is_committed():
    made = subprocess.run([KUBERNETES / "generate"], text=True, capture_output=True, check=True).stdout
    kept = KUBERNETES / "components/prometheus-operator/prometheusrules.yaml"
    assert kept.read_text() == made, f"deploy/kubernetes/generate > {kept.relative_to(REPOSITORY)}"


def test_the_dashboards_are_there_and_not_too_large(operated):
    kept = {file.name: file.read_text() for file in (REPOSITORY / "dashboards").glob("*.json")}
    assert kept, "dashboards/ has no *.json"
    shown = [each for each in operated if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1"]
    assert {name: text for each in shown for name, text in each["data"].items()} == kept
    for each in shown:
        assert len(yaml.safe_dump(each)) < LARGEST, each["metadata"]["name"]
