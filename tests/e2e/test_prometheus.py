"""A real Prometheus scrapes the demo in both ways, and answers for every family of the catalogue."""

import re
import resource

import pytest

from support.exporter import configuration
from support.program import catalogue
from support.prometheus import closed_port
from support.wait import eventually

# What a demo in good health has nothing to say about. The troubled NAS below shows each of these.
NOT_IN_DEMO = {
    "cloudsync_nas_tls_certificate_expiry_timestamp_seconds": "the demo speaks plain HTTP on loopback",
    "cloudsync_exporter_series_dropped_total": "it is far below max_series",
    "cloudsync_exporter_web_config_last_reload_successful": "it has no web configuration",
    "cloudsync_exporter_web_config_last_reload_success_timestamp_seconds": "it has no web configuration",
}
# Depends on the machine, not on the demo: absent where address space has no limit.
MACHINES = {"process_virtual_memory_max_bytes"}

# What only alerts bring about; none of these three is sent one.
NOT_HERE = {
    "cloudsync_webhook_last_timestamp_seconds": "nothing was sent to the webhook",
    "cloudsync_alertmanager_up": "there is no Alertmanager",
}

CATALOGUE = {name: row for name, row in catalogue().items() if name not in NOT_HERE}
ADDRESS_SPACE = 1 << 40


def limit_address_space():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


@pytest.fixture(scope="module")
def demo(shared_stage):
    running = shared_stage.demo()
    running.hold(1, "a hold to be seen", **{"for": "1h"})
    return running


@pytest.fixture(scope="module")
def troubled(shared_stage):
    """A NAS behind a self-signed certificate that refuses one part, answers another with nonsense and is too large;
    and a listener with a web configuration."""
    nas = shared_stage.tls_simulator()
    nas.fault({"code": 117}, "SYNO.CloudSync", "get_property")
    nas.fault({"raw_data": {"worker_count": "many", "volume_list": "none"}}, "SYNO.CloudSync", "get_config")
    web = shared_stage.directory / "web.yml"
    web.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    config = configuration(nas.url, nas={"tls": {"insecure_skip_verify": True}}, metrics={"max_series": 300},
                           web={"config_file": str(web)})
    exporter = shared_stage.exporter(config, preexec_fn=limit_address_space)
    exporter.expiry = nas.expiry
    return exporter


@pytest.fixture(scope="module")
def down(shared_stage):
    """A NAS that is switched off."""
    return shared_stage.exporter(configuration(f"http://127.0.0.1:{closed_port()}"))


@pytest.fixture(scope="module")
def prometheus(shared_stage, demo, troubled, down):
    def static(name, exporter):
        return {"job_name": name, "static_configs": [{"targets": [exporter.url.removeprefix("http://")]}]}

    discovered = {"job_name": "probe", "http_sd_configs": [{"url": demo.url + "/sd", "refresh_interval": "1s"}]}
    jobs = [static("demo", demo), static("troubled", troubled), static("down", down), discovered]
    running = shared_stage.prometheus(jobs)
    # Until everything has been seen moving, so that rates have two points.
    eventually(lambda: _scraped(running))
    return running


def _scraped(prometheus):
    assert prometheus.value('up{job="down"}') == 1
    for job in ("demo", "probe", "troubled"):
        assert prometheus.value(f'up{{job="{job}"}}') == 1
        assert prometheus.query(f'cloudsync_connections{{job="{job}"}}')
    for name in NOT_IN_DEMO:
        assert prometheus.query(f'{name}{{job="troubled"}}'), name
    assert prometheus.query('cloudsync_holds{job="probe"}')


def stored_names(row):
    """The series that Prometheus makes of a family."""
    if row["type"] == "histogram":
        return [row["name"] + suffix for suffix in ("_bucket", "_sum", "_count")]
    return [row["name"]]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_family_is_there(prometheus, name):
    row = CATALOGUE[name]
    absent = name in NOT_IN_DEMO
    for stored in stored_names(row):
        jobs = {"troubled"} if absent else {"demo"}
        # /probe has what concerns the NAS.
        if "nas" in row["labels"] and not absent:
            jobs.add("probe")
        if name in MACHINES:
            jobs = {"troubled"}
        labels = {*row["labels"], *({"le"} if stored.endswith("_bucket") else ())}
        for job in jobs:
            found = prometheus.query(f'{stored}{{job="{job}"}}')
            assert found, f"{stored} is not there from {job}"
            for own, _ in found:
                assert set(own) - {"__name__", "job", "instance"} == labels - {
                    label for label in labels if own.get(label, "") == ""}, own
        if absent:
            assert not prometheus.query(f'{stored}{{job="demo"}}'), f"the demo has {stored} after all"
        if "nas" not in row["labels"]:
            assert not prometheus.query(f'{stored}{{job="probe"}}'), f"/probe has {stored}"


@pytest.mark.parametrize("name", CATALOGUE)
def test_type_help_and_unit_arrive(prometheus, name):
    row = CATALOGUE[name]
    family = name.removesuffix("_total") if row["type"] == "counter" else name
    known = prometheus.api("metadata", metric=family)
    said = {(entry["type"], entry["help"], entry["unit"]) for entry in known[family]}
    assert said == {(row["type"], row["help"], row["unit"] or "")}


def test_nothing_unknown_is_exposed(prometheus):
    known = {stored for row in CATALOGUE.values() for stored in stored_names(row)}
    names = prometheus.api("label/__name__/values")
    ours = {name for name in names if name.startswith("cloudsync_")}
    # What is there after all belongs into the catalogue above.
    assert ours <= known
    process = {labels["__name__"] for labels, _ in prometheus.query('{__name__=~"process_.+", job="demo"}')}
    assert process <= known


def test_scrapes_are_clean(prometheus):
    own = prometheus.own()
    suspicious = re.compile(r"prometheus_target_scrape.*_(exceeded.*|duplicate.*|out_of_.*|forced_total)|"
                            r"prometheus_tsdb_out_of_order_samples_total")
    counters = {key: value for key, value in own.values.items()
                if suspicious.fullmatch(key[0]) and not key[0].endswith("_created")}
    assert "prometheus_target_scrapes_sample_duplicate_timestamp_total" in {name for name, _ in counters}
    assert {key: value for key, value in counters.items() if value} == {}
    warnings = [line for line in prometheus.process.output().splitlines()
                if re.search(r"level=(warn|error)", line) and "scrape" in line]
    assert warnings == []
    for labels, lost in prometheus.query("scrape_samples_scraped - scrape_samples_post_metric_relabeling"):
        assert lost == 0, labels
    assert prometheus.query("min_over_time(up[10m]) == 0") == []


@pytest.mark.parametrize("expression", [
    "sum(increase(cloudsync_transferred_bytes_total[1m]))",
    "sum(increase(cloudsync_log_events_total[1m]))",
    "sum(changes(cloudsync_transfer_done_bytes[1m]))",
    "sum(increase(cloudsync_polls_total[1m]))",
    "sum(changes(cloudsync_last_success_timestamp_seconds[1m]))",
    "sum(changes(cloudsync_connection_quota_used_bytes[1m]))",
])
def test_values_move(prometheus, expression):
    moving = expression.replace("[", '{job="demo"}[')

    def moves():
        assert prometheus.value(moving) > 0

    eventually(moves)


def test_the_demo_shows_what_it_is_for(prometheus):
    def shows(expression):
        found = prometheus.query(expression.replace("}", ', job="demo"}', 1))
        assert found, expression

    eventually(lambda: shows('cloudsync_up{nas="demo"} == 1'))
    shows('cloudsync_connection_status{status="error"} == 1')
    shows('cloudsync_connection_status{status="pause"} == 1')
    shows('cloudsync_connection_status{status="syncing"} == 1')
    shows('cloudsync_task_error_code{nas="demo"} == -12')
    shows('cloudsync_connection_quota_used_bytes{nas="demo"} / cloudsync_connection_quota_total_bytes > 0.9')


def test_certificate_expiry_is_the_certificates(prometheus, troubled):
    assert prometheus.value('cloudsync_nas_tls_certificate_expiry_timestamp_seconds{job="troubled"}') == troubled.expiry


@pytest.mark.parametrize("name", ["cloudsync_poll_section_failures_total", "cloudsync_malformed_values_total"])
def test_troubles_of_a_part_are_counted(prometheus, name):
    assert prometheus.value(f'sum({name}{{job="troubled"}})') > 0
    assert prometheus.value(f'sum({name}{{job="demo"}})') == 0


def test_largest_families_go_first_when_there_are_too_many(prometheus):
    dropped = dict((labels["family"], value) for labels, value in
                   prometheus.query('cloudsync_exporter_series_dropped_total{job="troubled"}'))
    assert dropped
    assert prometheus.value('cloudsync_up{job="troubled"}') == 1
    left = prometheus.query('count by (__name__) ({job="troubled", conn_id!=""})')
    assert dropped.keys().isdisjoint(labels["__name__"] for labels, _ in left)
    assert sum(count for _, count in left) <= 300
