"""The rules of deploy/prometheus, as they are and in a hurry."""

import re

import yaml

from support.program import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
FILES = sorted(PROMETHEUS.glob("*.rules.yml"))


def groups():
    """Every group of every file."""
    return [group for file in FILES for group in yaml.safe_load(file.read_text())["groups"]]


def rules():
    return [rule for group in groups() for rule in group["rules"]]


def alerts():
    """The alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def records():
    """The expressions of the recording rules by name."""
    return {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}


def hurried():
    """The groups, evaluated every second, with alerts that neither wait nor linger."""
    waits = {"for", "keep_firing_for"}
    return [{"name": group["name"], "interval": "1s",
             "rules": [{key: value for key, value in rule.items() if key not in waits} for rule in group["rules"]]}
            for group in groups()]


def ad_hoc():
    """The families that nothing here shows, with the reason of each."""
    return yaml.safe_load((PROMETHEUS / "ad-hoc.yml").read_text())


def anchors(text):
    """The anchors that a page on GitHub has, by their headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"): heading for heading in headings}
