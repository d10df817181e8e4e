"""Names that people can give and that formats trip over come back unchanged, from us and from Prometheus."""

import pytest

from support import exposition, http
from support.exporter import configuration
from support.wait import eventually

HOSTILE = ['say "hi"', "back\\slash", "two\nlines", "snow \U0001f3d4 man", 'all "of\\\n\U0001f600"', "\\n", "tab\tand\r", "{a=\"b\"} 1"]
API = "SYNO.CloudSync"


@pytest.fixture(scope="module")
def exporter(shared_stage):
    nas = shared_stage.simulator()
    names = iter(HOSTILE * 100)
    connections = nas.call("list_conn", is_tray=False, group_by="group_by_user")
    for connection in connections["conn"]:
        connection["task_display_name"] = next(names)
        connection["user_name"] = next(names)
    recent = nas.call("get_recently_change")
    for transfer in recent["processing_items"]:
        transfer["path"] = "/" + next(names)
    first = connections["conn"][0]["id"]
    tasks = nas.call("list_sess", connection_id=first)
    for task in tasks["sess"]:
        task["local_sync_path"] = "/" + next(names)
        task["remote_sync_path"] = next(names)
    connections["conn"][0]["status"] = 'new "status"'
    nas.fault({"raw_data": connections}, API, "list_conn")
    nas.fault({"raw_data": recent}, API, "get_recently_change")
    nas.fault({"raw_data": tasks}, API, "list_sess", connection_id=first)
    running = shared_stage.exporter(configuration(nas.url, metrics={"per_file": True}))
    eventually(lambda: running.metrics().value("cloudsync_connections", nas="home"))
    running.expected = list(expected(connections, recent, tasks))
    return running


def expected(connections, recent, tasks):
    """(family, labels) that must be there."""
    for connection in connections["conn"]:
        yield "cloudsync_connection_info", {"conn_id": str(connection["id"]), "name": connection["task_display_name"],
                                            "user": connection["user_name"]}
    yield "cloudsync_connection_status", {"conn_id": str(connections["conn"][0]["id"]), "status": 'new "status"'}
    for transfer in recent["processing_items"]:
        yield "cloudsync_file_size_bytes", {"path": transfer["path"]}
    for task in tasks["sess"]:
        yield "cloudsync_task_info", {"task_id": str(task["sess_id"]), "local_path": task["local_sync_path"],
                                      "remote_path": task["remote_sync_path"]}


def test_every_name_is_used(exporter):
    used = {value.removeprefix("/") for _, labels in exporter.expected for value in labels.values()}
    assert used >= set(HOSTILE)


@pytest.mark.parametrize("accept, parse", [("text/plain", exposition.text), (exposition.OPENMETRICS, exposition.strict)])
def test_formats_give_them_back(exporter, accept, parse):
    samples = exposition.Samples(parse(http.get(exporter.url + "/metrics", accept=accept).text))
    for family, labels in exporter.expected:
        assert len(samples.select(family, **labels)) >= 1, (family, labels)


def test_prometheus_gives_them_back(exporter, shared_stage):
    target = exporter.url.removeprefix("http://")
    server = shared_stage.prometheus([{"job_name": "hostile", "static_configs": [{"targets": [target]}]}])
    eventually(lambda: server.value('cloudsync_connections{job="hostile"}'))
    for family in {family for family, _ in exporter.expected}:
        stored = [set(labels.items()) for labels, _ in server.query(family)]
        for labels in (labels for name, labels in exporter.expected if name == family):
            assert any(set(labels.items()) <= own for own in stored), (family, labels)
