"""Both exposition formats, judged by parsers that are not ours."""

import gzip
import json
import subprocess

import pytest
import zstandard

from support import exposition, http
from support.exporter import configuration
from support.program import REPOSITORY
from support.wait import eventually

# They change from one request to the next.
RESTLESS = ("process_", "cloudsync_exporter_http_requests")


@pytest.fixture(scope="module")
def exporter(shared_stage):
    """One that polled once, with every part, and will not again for an hour."""
    nas = shared_stage.simulator()
    poll = {"interval": "1h", "slow_interval": "1h", "stale_after": "1h"}
    running = shared_stage.exporter(configuration(nas.url, poll=poll, metrics={"per_file": True}))
    eventually(lambda: _whole(running))
    return running


def _whole(exporter):
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_polls_total", nas="home") == 1
    assert metrics.select("cloudsync_task_filtered_names")
    assert metrics.select("cloudsync_connection_quota_used_bytes")
    assert metrics.select("cloudsync_exporter_http_requests_total")


def test_promtool_finds_nothing_in_text(exporter):
    body = http.get(exporter.url + "/metrics").body
    judged = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    lints = sorted(line for line in (judged.stdout + judged.stderr).decode().splitlines() if line)
    readme = (REPOSITORY / "README.md").read_text()
    unexplained = [lint for lint in lints if lint not in readme]
    assert not unexplained
    assert judged.returncode == (3 if lints else 0)


def test_openmetrics_is_strictly_so_and_says_the_same(exporter):
    text = http.get(exporter.url + "/metrics", accept="text/plain")
    modern = http.get(exporter.url + "/metrics", accept=exposition.OPENMETRICS)
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert modern.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert modern.text.endswith("\n# EOF\n")
    one = exposition.Samples(exposition.text(text.text))
    other = exposition.Samples(exposition.strict(modern.text))
    assert len(one.values) > 500
    assert one.names() == other.names()

    def calm(samples):
        return {key: value for key, value in samples.values.items() if not key[0].startswith(RESTLESS)}

    assert calm(one) == calm(other)


def test_units_and_types_are_said_in_openmetrics(exporter):
    families = {family.name: family for family in
                exposition.strict(http.get(exporter.url + "/metrics", accept=exposition.OPENMETRICS).text)}
    assert families["cloudsync_transferred_bytes"].type == "counter"
    assert families["cloudsync_transferred_bytes"].unit == "bytes"
    assert families["cloudsync_poll_duration_seconds"].type == "histogram"
    assert families["cloudsync_poll_duration_seconds"].unit == "seconds"


@pytest.mark.parametrize("accept", ["text/plain", exposition.OPENMETRICS])
def test_compressed_bodies_are_the_same(exporter, accept):
    # Only /probe: it shows nothing that changes by being asked for.
    url = exporter.url + "/probe?nas=home"
    plain = http.get(url, accept=accept, accept_encoding="identity")
    packed = http.get(url, accept=accept, accept_encoding="gzip")
    modern = http.get(url, accept=accept, accept_encoding="zstd")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert modern.headers["content-encoding"] == "zstd"
    assert gzip.decompress(packed.body) == plain.body
    assert zstandard.ZstdDecompressor().stream_reader(modern.body).read() == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert len(modern.body) < len(plain.body) / 4


def test_probe_and_discovery(exporter):
    metrics = exposition.Samples(exposition.text(http.get(exporter.url + "/probe?nas=home").text))
    assert metrics.value("cloudsync_up", nas="home") == 1
    assert not [name for name in metrics.names() if name.startswith(("process_", "cloudsync_exporter_build"))]
    assert http.get(exporter.url + "/probe?nas=other").status == 404
    assert http.get(exporter.url + "/probe").status == 400
    found = json.loads(http.get(exporter.url + "/sd").body)
    labels = {"__metrics_path__": "/probe", "__param_nas": "home"}
    assert found == [{"targets": [exporter.url.removeprefix("http://")], "labels": labels}]


def test_manners(exporter):
    head = http.request(exporter.url + "/metrics", "HEAD")
    assert (head.status, head.body) == (200, b"")
    refused = http.request(exporter.url + "/metrics", "POST", b"")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert http.get(exporter.url + "/nothing").status == 404
    assert http.get(exporter.url + "/-/healthy").status == 200
    assert http.get(exporter.url + "/-/ready").status == 200
