"""Several instances that share the NASes of one file: each NAS is polled once, and Prometheus finds all of them."""

import pytest

from support import http
from support.exporter import configuration
from support.rendered import expanded, one, render
from support.simulator import ACCOUNT, PASSWORD
from support.wait import eventually

NASES = [f"branch_{number:02}" for number in range(12)]


@pytest.fixture(scope="module")
def simulators(shared_stage):
    return {name: shared_stage.simulator() for name in NASES}


@pytest.fixture(scope="module")
def config(simulators):
    """The file that all instances have."""
    nases = {name: {"url": nas.url, "username": ACCOUNT, "password": PASSWORD} for name, nas in simulators.items()}
    return {**configuration("http://127.0.0.1:9"), "nas": nases}


@pytest.fixture(scope="module")
def instances(shared_stage, config):
    """As many as the overlay `fleet` has replicas, each with the environment of its pod."""
    stateful = one(render("overlays/fleet"), "StatefulSet")
    started = [shared_stage.exporter(config, environ=expanded(stateful, ordinal))
               for ordinal in range(stateful["spec"]["replicas"])]
    for instance in started:
        eventually(lambda instance=instance: assert_all_up(instance))
    return started


def assert_all_up(instance):
    assert http.get(instance.url + "/-/ready").status == 200
    assert all(value == 1 for value in polled(instance).values())


def polled(instance):
    """The NASes of an instance, and whether they are up."""
    return {labels["nas"]: value for labels, value in instance.metrics().select("cloudsync_up")}


def listed(instance):
    return [entry["labels"]["__param_nas"] for entry in http.get(instance.url + "/sd").json()]


def test_each_nas_is_polled_by_exactly_one_instance(instances, simulators):
    found = [name for instance in instances for name in polled(instance)]
    assert sorted(found) == NASES
    assert all(polled(instance) for instance in instances), "with a dozen, each instance has some"
    assert {name: nas.logins() for name, nas in simulators.items()} == dict.fromkeys(NASES, 1)


def test_service_discovery_lists_them_once(instances):
    assert sorted(name for instance in instances for name in listed(instance)) == NASES


def test_prometheus_finds_every_nas_by_service_discovery(shared_stage, instances):
    configs = [{"url": instance.url + "/sd", "refresh_interval": "1s"} for instance in instances]
    prometheus = shared_stage.prometheus([{"job_name": "cloudsync", "http_sd_configs": configs}])

    def complete():
        counted = {labels["nas"]: value for labels, value in prometheus.query("count by (nas) (cloudsync_up == 1)")}
        assert counted == dict.fromkeys(NASES, 1), counted
        assert prometheus.value("count(count by (instance) (cloudsync_up))") == len(instances)

    eventually(complete)


def test_another_number_of_instances_covers_them_as_well(shared_stage, config):
    """The file says the same, the share of each is another."""
    pair = [shared_stage.exporter(config, environ={"CLOUDSYNC_EXPORTER__POLL__SHARD": f"{index}/2"})
            for index in range(2)]
    assert sorted(name for instance in pair for name in listed(instance)) == NASES
