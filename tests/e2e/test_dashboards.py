"""The dashboards: understood by Grafana, complete, and true before a Prometheus in which everything is the matter."""

import copy
import itertools
import os
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from support import grafana
from support.acts import CAMERA, DROPBOX, GOOGLE, ONEDRIVE, S3
from support.conditions import Conditions
from support.dashboards import CONNECTION, DASHBOARDS, OVERVIEW, every_panel, offered, panels, walk
from support.exporter import configuration
from support.program import REPOSITORY
from support.promql import filled
from support.simulator import ACCOUNT, PASSWORD
from support.wait import eventually

# Draws dashboards with Grafana's own panels; not part of this repository.
VIEWER = Path(os.environ.get("DASHBOARD_VIEWER", REPOSITORY.parent / "shared/dashboard-viewer")) / "view"
WIDTHS = (1280, 420)
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Panels that every Grafana has; others are plugins.
KINDS = {"bargauge", "stat", "state-timeline", "table", "timeseries"}
# The connection that the second dashboard is drawn for: it moves, and a rule holds it.
SHOWN = {"nas": "busy", "conn": str(ONEDRIVE)}
# The second NAS of each is only there once: what is drawn of it can be told from the others'.
LEAVING, WELL = "leaving", "well"

named = pytest.mark.parametrize("name", DASHBOARDS)
each_panel = pytest.mark.parametrize(
    ("name", "panel"), every_panel(), ids=[f"{name}: {panel['title']}" for name, panel in every_panel()])


# Understood by Grafana

@named
def test_schema(name):
    assert grafana.problems(DASHBOARDS[name]) == []


def set_in(dashboard, path, value):
    """Sets what a path of keys and numbers leads to."""
    *way, last = path
    for key in way:
        dashboard = dashboard[key]
    dashboard[last] = value


@pytest.mark.parametrize(("path", "value"), [
    (("panels", 0, "tittle"), "misspelt"),
    (("panels", 0, "gridPos", "w"), "24"),
    (("panels", 0, "title"), 7),
    (("panels", 0, "options", "cellHeight"), "huge"),
    (("panels", 0, "options", "legend"), {}),
    (("panels", 0, "targets", 0, "format"), "tabel"),
    (("panels", 0, "targets", 0, "expression"), "up"),
    (("panels", 0, "fieldConfig", "defaults", "units"), "s"),
    (("panels", 0, "fieldConfig", "defaults", "custom", "colour"), True),
    (("panels", 0, "fieldConfig", "overrides", 0, "properties", 0, "id"), "displayname"),
    (("panels", 0, "fieldConfig", "overrides", 0, "properties", 0), {"id": "custom.widht", "value": 10}),
    (("panels", 0, "fieldConfig", "overrides", 0, "properties", 0), {"id": "decimals", "value": "two"}),
    (("panels", 0, "transformations", 0, "option"), {}),
    (("panels", 1, "options", "graphMode"), "sparkle"),
    (("panels", 1, "options", "reduceOptions", "calcs"), "lastNotNull"),
    (("templating", "list", 0, "type"), "source"),
    (("templating", "list", 1, "refresh"), 9),
    (("annotations", "list", 0, "color"), "red"),
    (("links", 0, "type"), "url"),
    (("time", "till"), "now"),
    (("refresh",), 30),
])
def test_schema_finds_mistakes(path, value):
    dashboard = copy.deepcopy(DASHBOARDS[OVERVIEW])
    set_in(dashboard, path, value)
    assert len(grafana.problems(dashboard)) == 1, grafana.problems(dashboard)


def test_there_are_two():
    assert set(DASHBOARDS) == {OVERVIEW, CONNECTION}
    assert len({dashboard["title"] for dashboard in DASHBOARDS.values()}) == 2


@named
def test_importable_and_provisionable(name):
    """Nothing of one Grafana is in it, and nothing that only its import dialogue would replace."""
    dashboard = DASHBOARDS[name]
    assert dashboard["uid"] == name
    assert dashboard.keys().isdisjoint({"id", "__inputs", "__requires", "__elements"})
    # Grafana 10 and later read it; each brings it to its own version.
    assert dashboard["schemaVersion"] == 38
    assert dashboard["tags"] == ["cloud-sync"]
    assert dashboard["description"] and dashboard["refresh"] and dashboard["time"]["to"] == "now"
    for path, value in walk(dashboard):
        if isinstance(value, str):
            assert "${DS_" not in value, path
        if path.endswith(".datasource"):
            assert value == DATASOURCE, path
        if path.endswith(".uid") and not path.endswith(".datasource.uid"):
            assert path == ".uid", path
    first = dashboard["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    for variable in dashboard["templating"]["list"]:
        assert variable["label"]
        # A value of the machine on which it was made is not kept.
        assert variable["current"]["value"] in ("", ["$__all"]), variable["name"]
        assert variable["options"] == []


@named
def test_only_its_variables_are_named(name):
    """Beside Grafana's own, and the numbers of label_replace's groups."""
    dashboard = DASHBOARDS[name]
    own = {variable["name"] for variable in dashboard["templating"]["list"]}
    grafanas = {"__rate_interval", "__interval", "__range", "__url_time_range", "__data", "__field"}
    used = set()
    for path, value in walk(dashboard):
        if isinstance(value, str) and not path.endswith("allValue"):
            used |= {found[0] or found[1] for found in re.findall(r"\$(?:\{(\w+)|([A-Za-z_]\w*))", value)}
    assert used - grafanas - {"__all"} == own
    sources = {target["datasource"]["uid"] for panel in panels(dashboard) for target in panel["targets"]}
    assert sources == {"${datasource}"}


@named
def test_layout(name):
    """Nothing overlaps, nothing stands out, every line is full, and ids are their own."""
    dashboard = DASHBOARDS[name]
    taken = {}
    entries = [*dashboard["panels"], *(inner for row in dashboard["panels"] for inner in row.get("panels", ()))]
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        place = entry["gridPos"]
        assert place["w"] > 0 and place["h"] > 0 and place["x"] + place["w"] <= 24
        columns, rows = (range(place[at], place[at] + place[size]) for at, size in ("xw", "yh"))
        for cell in itertools.product(columns, rows):
            assert cell not in taken, f"{entry['title']} lies over {taken[cell]}"
            taken[cell] = entry["title"]
    lines = max(y for _, y in taken) + 1
    holes = [(x, y) for x in range(24) for y in range(lines) if (x, y) not in taken]
    assert holes == []
    # A phone stacks panels in the order of the file.
    order = [(panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in panels(dashboard)]
    assert order == sorted(order)


# Complete

@each_panel
def test_panel_explains_itself(name, panel):
    assert panel["type"] in KINDS
    assert re.fullmatch(r"[A-Z].*[^.]", panel["title"])
    assert re.fullmatch(r"[A-Z].*\.", panel["description"]) and len(panel["description"]) > 30
    assert "  " not in panel["description"]
    assert panel["gridPos"]["h"] >= 3 and panel["gridPos"]["w"] >= 4
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"]
    assert steps[0]["value"] is None
    limits = [step["value"] for step in steps[1:]]
    assert limits == sorted(limits)


@each_panel
def test_panel_has_units_and_legends(name, panel):
    properties = [(override["matcher"]["options"], setting["id"], setting["value"])
                  for override in panel["fieldConfig"]["overrides"] for setting in override["properties"]]
    if panel["type"] in ("stat", "timeseries", "bargauge"):
        assert panel["fieldConfig"]["defaults"]["unit"]
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"] and panel["options"]["legend"]["placement"] == "bottom"
        for target in panel["targets"]:
            assert target["legendFormat"] not in ("", "__auto")
    if panel["type"] == "state-timeline":
        # Colour is never alone.
        assert panel["options"]["showValue"] != "never" and panel["fieldConfig"]["defaults"]["mappings"]
    if panel["type"] == "table":
        assert len(panel["targets"]) == 1 and panel["targets"][0]["format"] == "table"
        hidden = {column for column, key, value in properties if key == "custom.hidden"}
        shown = {column for column, key, _ in properties if key == "displayName"}
        # More cannot be read on a phone.
        assert 2 <= len(shown) <= 3 and not shown & hidden
        said_how = {column for column, key, _ in properties if key in ("unit", "mappings")}
        assert "Value" in hidden | said_how
    for column, key, value in properties:
        if key == "custom.cellOptions" and value["type"] == "color-text":
            mapped = {other for other, name_, _ in properties if name_ in ("mappings", "thresholds")}
            assert column in mapped, f"{column} is coloured by nothing"


def colours(kind, options_):
    results = options_.values() if kind == "value" else [options_["result"]]
    return {result["text"]: result["color"] for result in results}


def test_one_word_has_one_colour():
    """On both dashboards and in every panel."""
    seen = {}
    for _, panel in every_panel():
        for path, mapping in walk(panel["fieldConfig"]):
            of_mappings = re.search(r"mappings\[\d+\]$|value\[\d+\]$", path)
            if of_mappings and isinstance(mapping, dict) and "options" in mapping:
                for text, colour in colours(mapping["type"], mapping["options"]).items():
                    assert seen.setdefault(text.lstrip("✔✖▲‖ "), colour) == colour, text
    assert {"up to date", "syncing", "paused", "error", "stalled"} <= seen.keys()


def links(value):
    return [(path, inner) for path, inner in walk(value) if path.endswith(".url") and isinstance(inner, str)]


@named
def test_links_lead_to_the_dashboards(name):
    found = links(DASHBOARDS[name])
    assert found
    for path, url in found:
        uid, query = re.fullmatch(r"/d/([\w-]+)/[\w-]+\?(.*)", url).groups()
        variables = {variable["name"] for variable in DASHBOARDS[uid]["templating"]["list"]}
        given = dict(part.split("=") for part in query.split("&") if "=" in part)
        assert {key.removeprefix("var-") for key in given} <= variables, path
        assert given["var-datasource"] == "${datasource}", path
        # A dashboard's own links keep the time by themselves.
        assert ("${__url_time_range}" in query) == ("panels" in path), path
    assert {re.match(r"/d/([\w-]+)", url)[1] for _, url in found} >= set(DASHBOARDS) - {name}


def test_errors_have_names():
    """Every code that the exporter knows by name is said in words."""
    known = set(re.findall(r"\((-\d+), \"\w+\"\)", (REPOSITORY / "src/model/log.rs").read_text()))
    assert len(known) > 50
    error, = [panel for panel in panels(DASHBOARDS[CONNECTION]) if panel["title"] == "Error"]
    assert set(error["fieldConfig"]["defaults"]["mappings"][0]["options"]) == known | {"0"}
    wrong = next(panels(DASHBOARDS[OVERVIEW]))
    mapped = {key for path, mapping in walk(wrong["fieldConfig"])
              if path.endswith("options") and isinstance(mapping, dict) for key in mapping}
    assert {f"error:{code}" for code in known} <= mapped


# True

@pytest.fixture(scope="module")
def viewer(tmp_path_factory):
    """The program that draws, built before anything runs that it would keep waiting."""
    if not VIEWER.is_file():
        pytest.skip(f"there is no dashboard viewer at {VIEWER.parent}")
    if shutil.which("npm") is None:
        pytest.skip("the dashboard viewer needs npm")
    empty = tmp_path_factory.mktemp("viewer") / "empty.json"
    empty.write_text('{"title": "empty", "panels": []}')
    draw(empty, "http://127.0.0.1:9", 420, "{}")
    return VIEWER


def draw(dashboard, prometheus, width, variables):
    """What the viewer says of each panel, and the picture's file."""
    picture = dashboard.with_suffix(f".{width}.png")
    done = subprocess.run([VIEWER, dashboard, prometheus, picture, str(width), "now-5m", variables],
                          capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines(), picture


@pytest.fixture(scope="module")
def scene(request, shared_stage):
    if VIEWER.is_file() and shutil.which("npm"):
        request.getfixturevalue("viewer")
    return Scene(shared_stage)


class Scene:
    """All conditions, and an exporter of two NASes more: one in which all is well, and one that is going to be away."""

    def __init__(self, stage):
        self.simulators = {name: stage.simulator(0) for name in (WELL, LEAVING)}
        self._heal(self.simulators[WELL])
        config = configuration("http://unused", poll={"stale_after": "2s"})
        config["nas"] = {name: {"url": one.url, "username": ACCOUNT, "password": PASSWORD}
                         for name, one in self.simulators.items()}
        exporter = stage.exporter(config)
        job = {"job_name": "beside", "static_configs": [{"targets": [exporter.url.removeprefix("http://")]}]}
        self.began = time.time()
        self.conditions = Conditions(stage, jobs=[job])
        self.prometheus = self.conditions.prometheus
        eventually(lambda: self._known(LEAVING, WELL))

    def _heal(self, nas):
        for number in range(1, 7):
            nas.ask("POST", "/task", {"id": number, "error": 0})
            nas.ask("POST", "/connection", {"id": number, "status": "uptodate", "error": 0, "unfinished_files": 0,
                                            "quota_total": 1 << 40, "quota_used": 1 << 30})
        for volume in ("/volume1", "/volume2"):
            nas.ask("POST", "/volume", {"mount_point": volume, "size_free": 500 << 30})

    def _known(self, *names):
        for name in names:
            assert self.prometheus.query(f'cloudsync_connection_quota_used_bytes{{nas="{name}"}}')

    def instant(self, expression):
        return self.prometheus.query(expression)

    def range(self, expression):
        """The series of a range query over everything since the beginning: (labels, points)."""
        now = time.time()
        answer = self.prometheus.api("query_range", query=expression, start=self.began, end=now, step=2)
        return [(series["metric"], series["values"]) for series in answer["result"]]

    def ask(self, target, variables):
        expression = filled(target["expr"], variables)
        asked = self.instant if target["instant"] else self.range
        return asked(expression)


def ways(name):
    """Values of the variables that a person may choose."""
    if name == OVERVIEW:
        return [{"nas": ".*"}, {"nas": "busy|tired"}]
    return [{"nas": nas, "conn": str(conn)} for nas, conn in
            [(SHOWN["nas"], SHOWN["conn"]), ("tired", DROPBOX), ("tired", CAMERA), ("busy", S3), ("deaf", DROPBOX)]]


@each_panel
def test_every_query_has_data(scene, name, panel):
    """And none is in error for any choice, although a NAS is scraped twice."""
    def has_data(target):
        assert any([scene.ask(target, variables) for variables in ways(name)]), target["expr"]

    for target in panel["targets"]:
        eventually(lambda: has_data(target))


@each_panel
def test_what_panels_name_is_there(scene, name, panel):
    """Labels in legends and links, columns of tables."""
    labels = set()
    for target, variables in itertools.product(panel["targets"], ways(name)):
        answer = scene.ask(target, variables)
        labels |= {label for own, _ in answer for label in own}
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        for own, _ in answer:
            # A hold by hand has no rule, a task's files have no path.
            assert wanted - own.keys() <= {"rule"}, own
    for _, url in links(panel):
        assert set(re.findall(r"\$\{__(?:data\.fields|field\.labels)\.(\w+)\}", url)) <= labels, url
    columns = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]
               if override["matcher"]["id"] == "byName"}
    if panel["type"] == "table":
        # Labels on the way to others are gone in some answers.
        assert columns - labels - {"Value"} <= {"text"}, columns - labels
        shown = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]
                 for setting in override["properties"] if setting["id"] == "displayName"}
        hidden = columns - shown
        assert labels <= shown | hidden, f"columns nobody wants: {labels - shown - hidden}"


def mappings(panel, column):
    """How values of a table's column are said."""
    return [mapping for override in panel["fieldConfig"]["overrides"] if override["matcher"]["options"] == column
            for setting in override["properties"] if setting["id"] == "mappings" for mapping in setting["value"]]


def said(panel, column, value):
    for mapping in mappings(panel, column):
        if mapping["type"] == "value" and value in mapping["options"]:
            return mapping["options"][value]["text"]
        if mapping["type"] == "regex" and re.search(mapping["options"]["pattern"], value):
            text = re.sub(r"\$(\d)", r"\\\1", mapping["options"]["result"]["text"])
            return re.sub(mapping["options"]["pattern"], text, value)
    return None


def titled(name, title):
    panel, = [panel for panel in panels(DASHBOARDS[name]) if panel["title"] == title]
    return panel


def troubles(scene, nas):
    panel = titled(OVERVIEW, "What is wrong now")
    rows = scene.ask(panel["targets"][0], {"nas": nas})
    return {(labels["trouble"], labels.get("where", "")): value for labels, value in rows}


def test_what_is_wrong(scene):
    panel = titled(OVERVIEW, "What is wrong now")
    found = troubles(scene, ".*")
    for trouble, _ in found:
        assert said(panel, "trouble", trouble), trouble
    for row in [("down:connect", "down_connect"), ("down:http", "stale"), ("login_suspended", "down_auth"),
                ("error:-12", "tired / Google Drive #3"), ("error:-25", "tired / Dropbox #1"),
                ("error:-26", "tired / WebDAV #6"), ("error:-7", "tired / Google Drive #3"),
                ("stalled", "tired / Microsoft OneDrive #2"), ("stuck_transfer", "tired / Google Drive #5"),
                ("deletions", "busy / Dropbox #1"), ("throttled", "busy / Microsoft OneDrive #2"),
                ("quota", "busy / Google Drive #3"), ("volume:/volume1", "tired"), ("certificate", "certificate"),
                ("pause", "tired / Amazon S3 #4"), ("series_dropped", "crowded")]:
        assert row in found, row
    assert {"frozen", "bad_config"} <= {trouble for trouble, _ in found}
    # Somebody holds these.
    assert ("pause", "busy / Amazon S3 #4") not in found and ("pause", "tired / Dropbox #1") not in found
    # The exporter has been waiting for days.
    assert found["stalled", "tired / Microsoft OneDrive #2"] > 86400
    assert found["down:http", "stale"] > 86400
    assert ("none", "") not in found
    assert said(panel, "trouble", "error:-99") == "✖ error -99"
    assert said(panel, "trouble", "volume:/volume1") == "▲ /volume1 nearly full"


def test_nothing_is_wrong(scene):
    """It is said in green, not by an empty panel; of what is not known nothing is said."""
    panel = titled(OVERVIEW, "What is wrong now")
    assert list(troubles(scene, WELL)) == [("none", "")]
    assert said(panel, "trouble", "none") == "✔ nothing is wrong"
    assert troubles(scene, "unheard_of") == {}


def test_variables(scene):
    """What Grafana offers to choose from."""
    for name, dashboard in DASHBOARDS.items():
        nas = {variable["name"]: variable for variable in dashboard["templating"]["list"]}["nas"]
        family, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", nas["query"]["query"]).groups()
        values = scene.prometheus.api(f"label/{label}/values", **{"match[]": family})
        assert {"busy", "tired", "down_connect"} <= set(values)
        assert (nas["multi"], nas["includeAll"]) == (name == OVERVIEW,) * 2
    conn = DASHBOARDS[CONNECTION]["templating"]["list"][-1]
    expression = re.fullmatch(r"query_result\((.*)\)", conn["query"]["query"])[1]
    for nas in ("busy", "tired"):
        answer = scene.prometheus.api("query", query=filled(expression, {"nas": nas}))["result"]
        texts = offered(conn, answer)
        assert len(texts) == len(answer) == 6
        assert texts[str(GOOGLE)] == "Google Drive #3" and texts[str(CAMERA)] == "Google Drive #5"


def test_actions_are_annotations(scene):
    for name, dashboard in DASHBOARDS.items():
        sources = {}
        for annotation in dashboard["annotations"]["list"]:
            for own, _ in scene.range(filled(annotation["expr"], {"nas": ".*"})):
                sources.setdefault(annotation["name"], set()).add((own["nas"], own["action"]))
                named_ = re.findall(r"\{\{(\w+)\}\}", annotation["titleFormat"] + annotation["textFormat"])
                assert set(named_) <= own.keys()
        assert ("busy", "pause") in sources["Action by a person"], name
        assert ("busy", "set_connection_setting") in sources["Action by a rule"], name


def test_renamed_connection_keeps_its_history(scene):
    """One line from the beginning on, under the name of today."""
    nas = scene.simulators[WELL]
    data = nas.call("list_conn", is_tray=False, group_by="group_by_user")
    for connection in data["conn"]:
        if connection["id"] == ONEDRIVE:
            connection |= {"task_name": "Renamed", "task_display_name": "Renamed"}
    nas.fault({"raw_data": data}, "SYNO.CloudSync", "list_conn")
    info = f'cloudsync_connection_info{{nas="{WELL}", conn_id="{ONEDRIVE}"}}'
    eventually(lambda: _is(scene.instant(info), "Renamed"))
    panel = titled(OVERVIEW, "Connections over time")
    series = [(labels, points) for labels, points in scene.ask(panel["targets"][0], {"nas": WELL})
              if labels["conn_id"] == str(ONEDRIVE)]
    assert [labels["name"] for labels, _ in series] == ["Renamed"]
    first = scene.range(f"count by (conn_id) ({info})")[0][1][0]
    assert series[0][1][0][0] <= first[0]
    conn = DASHBOARDS[CONNECTION]["templating"]["list"][-1]
    expression = re.fullmatch(r"query_result\((.*)\)", conn["query"]["query"])[1]
    answer = scene.prometheus.api("query", query=filled(expression, {"nas": WELL}))["result"]
    assert offered(conn, answer)[str(ONEDRIVE)] == f"Renamed #{ONEDRIVE}"


def _is(samples, name):
    assert [labels["name"] for labels, _ in samples] == [name], samples


# Panels that speak of the past, or of the exporter itself.
OF_A_NAS_THAT_IS_DOWN = {
    OVERVIEW: {"What is wrong now", "NASes down", "Errors by name", "Oldest data"},
    CONNECTION: {"Connection", "State", "Errors by name"},
}
OF_EXPORTERS = {"Alertmanagers", "Rules", "Configuration", "Version"}


def test_nothing_old_is_shown_as_new(scene):
    """While a NAS is down, no panel that speaks of now has a number of it."""
    scene.simulators[LEAVING].fault({"status": [502, "<html>"]})
    eventually(lambda: _gone(scene))
    for name, variables in ((OVERVIEW, {"nas": LEAVING}), (CONNECTION, {"nas": LEAVING, "conn": str(ONEDRIVE)})):
        for panel in panels(DASHBOARDS[name]):
            for target in panel["targets"]:
                if target["instant"] and panel["title"] not in OF_A_NAS_THAT_IS_DOWN[name] | OF_EXPORTERS:
                    assert scene.ask(target, variables) == [], panel["title"]
                elif not target["instant"]:
                    # A line ends where knowledge does. `up`, and what is a rate over the last moments, go on.
                    target = {**target, "instant": True}
                    if not re.search(r"\brate\(|increase\(|cloudsync_(up|down_reason)|process_", target["expr"]):
                        assert scene.ask(target, variables) == [], panel["title"]
    assert ("down:http", LEAVING) in troubles(scene, LEAVING)
    state = titled(CONNECTION, "State")
    (_, code), = scene.ask(state["targets"][0], {"nas": LEAVING, "conn": str(ONEDRIVE)})
    assert state["fieldConfig"]["defaults"]["mappings"][0]["options"][f"{code:g}"]["text"] == "✖ NAS down: HTTP error"


def _gone(scene):
    assert scene.prometheus.value(f'cloudsync_up{{nas="{LEAVING}"}}') == 0
    data = "cloudsync_(connection|task|transfer|volume|package).*"
    assert scene.instant(f'{{__name__=~"{data}", nas="{LEAVING}"}}') == []


# Looked at

@pytest.mark.parametrize("width", WIDTHS)
@named
def test_drawn_panels_are_neither_empty_nor_in_error(viewer, scene, tmp_path, name, width):
    file = tmp_path / f"{name}.json"
    file.write_text((REPOSITORY / "dashboards" / f"{name}.json").read_text())
    variables = '{"nas": ".*"}' if name == OVERVIEW else f'{{"nas": "{SHOWN["nas"]}", "conn": "{SHOWN["conn"]}"}}'
    lines, picture = draw(file, scene.prometheus.url, width, variables)
    assert len(lines) == len(list(panels(DASHBOARDS[name])))
    assert [line for line in lines if not line.startswith("ok ")] == []
    wide, high = struct.unpack(">II", picture.read_bytes()[16:24])
    assert wide == width and high > 1000
