"""Every PromQL expression of rules and dashboards: it parses, it names what there is, and it has data."""

import re

import pytest

from support import rules
from support.conditions import Conditions
from support.program import REPOSITORY, catalogue
from support.promql import dashboards, filled, of_dashboards, of_rules, selections, selectors
from support.wait import eventually

RULES, PANELS = list(of_rules()), list(of_dashboards())
EVERY = RULES + PANELS
CATALOGUE = catalogue()
RECORDS = rules.records()
# What Prometheus has by itself.
OWN = {"up", "ALERTS"}
# Labels that Prometheus adds.
ADDED = {"job", "instance"}

# What has no data before the conditions, and why.
NO_DATA = {
    "CloudSyncExporterFault": "nothing that a NAS sends makes a poll panic",
    "CloudSyncExporterAbsent": "there are exporters",
    "CloudSyncNasUnwatched": "every NAS has its exporter all the time",
    "cloudsync:connection_deletions:usual10m": "there is no past to compare with; promtool's tests have one",
}


def stored():
    """The series of the catalogue by name, with their labels."""
    found = {}
    for name, row in CATALOGUE.items():
        names = [name + suffix for suffix in ("_bucket", "_sum", "_count")] if row["type"] == "histogram" else [name]
        for each in names:
            found[each] = {*row["labels"], *(["le"] if each.endswith("_bucket") else [])}
    return found


STORED = stored()


def family(name):
    """The family that a series belongs to."""
    return name if name in CATALOGUE else re.sub(r"_(bucket|sum|count)$", "", name)


@pytest.mark.parametrize("expression", EVERY, ids=lambda one: one.place)
def test_parses_and_names_what_there_is(expression):
    for name, labels in selectors(expression):
        assert name in STORED or name in RECORDS or name in OWN, f"there is no {name}"
        if name in STORED:
            assert labels <= STORED[name] | ADDED, f"{name} has no label {labels - STORED[name] - ADDED}"


# What people read and machines load.
TEXTS = [file for pattern in ("README.md", "deploy/**/*.md", "deploy/**/*.y*ml", "deploy/**/*.json", "dashboards/*.json")
         for file in sorted(REPOSITORY.glob(pattern))]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_metric_that_is_named_exists(file):
    # Not part of a longer word, nor the beginning of names (cloudsync_webhook_…).
    words = re.findall(r"(?<![\w./:-])(cloudsync[_:][a-z0-9_:]*[a-z0-9]|process_[a-z_]+[a-z])(?![\w*…]|/|\.[a-z])",
                       file.read_text())
    words = {word for word in words if "::" not in word}
    known = {*STORED, *CATALOGUE, *RECORDS, *NAMES}
    assert words <= known, words - known


# No metrics: the receiver of the example.
NAMES = {"cloudsync_exporter"}


def families(expressions):
    """The families that they ask for."""
    return {family(name) for expression in expressions for name, _ in selectors(expression)}


@pytest.mark.skipif(not PANELS, reason="without dashboards there is much that nobody uses")
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_family_is_used_or_listed(name):
    listed = rules.ad_hoc()
    is_used = name in families(EVERY)
    assert is_used or name in listed, f"{name} is in no rule and no dashboard: use it, or list it in ad-hoc.yml"
    if name in listed:
        assert len(listed[name].split()) >= 4, "why?"


def test_what_is_listed_is_not_in_a_rule_and_exists():
    listed = set(rules.ad_hoc())
    assert not listed & families(RULES), listed & families(RULES)
    assert listed <= set(CATALOGUE), listed - set(CATALOGUE)


@pytest.fixture(scope="module")
def conditions(shared_stage):
    started = Conditions(shared_stage, groups=rules.hurried())
    started.selections = {}
    return started


def chosen(conditions, name):
    """What can be chosen in a dashboard."""
    if name not in conditions.selections:
        conditions.selections[name] = selections(dashboards()[name], conditions.prometheus)
    return conditions.selections[name]


@pytest.mark.parametrize("expression", EVERY, ids=lambda one: one.place)
def test_has_data(conditions, expression):
    prometheus = conditions.prometheus

    def answered():
        if not expression.dashboard:
            return prometheus.query(expression.text)
        return next(filter(None, (prometheus.query(filled(expression.text, selection))
                                  for selection in chosen(conditions, expression.dashboard))), [])

    if expression.place in NO_DATA:
        assert not answered(), "it has data after all"
        return

    def has_data():
        assert answered(), expression.text

    eventually(has_data)
