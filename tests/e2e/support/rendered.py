"""What kubectl makes of the Kustomize overlays."""

import os
import subprocess

import yaml

from support.program import REPOSITORY

KUBERNETES = REPOSITORY / "deploy/kubernetes"
KUBECTL = os.environ.get("KUBECTL", "kubectl")


def render(overlay):
    """The objects of a directory below deploy/kubernetes, as `kubectl apply -k` would send them."""
    done = subprocess.run([KUBECTL, "kustomize", KUBERNETES / overlay], text=True, capture_output=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def one(objects, kind, name=None):
    """The one object of a kind, and of a name."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, [(each["kind"], each["metadata"]["name"]) for each in objects]
    return found[0]


def container(workload):
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def expanded(workload, ordinal):
    """The environment of the pod with this ordinal, as the kubelet makes it: $(NAME) is an earlier variable."""
    fields = {"metadata.labels['apps.kubernetes.io/pod-index']": str(ordinal)}
    environment = {}
    for entry in container(workload).get("env", []):
        if "valueFrom" in entry:
            environment[entry["name"]] = fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            continue
        value = entry["value"]
        for name, known in environment.items():
            value = value.replace(f"$({name})", known)
        environment[entry["name"]] = value
    return environment
