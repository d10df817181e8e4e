"""What README.md shows is true: its table, its examples, its configurations."""

import re
import subprocess

import pytest

from support.exporter import configuration
from support.program import REPOSITORY, run
from support.prometheus import closed_port
from support.wait import eventually

TEXT = (REPOSITORY / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def promql():
    """Each expression on one line. An empty line stands between two, comments begin with #."""
    for block in blocks("promql"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        for expression in "\n".join(lines).split("\n\n"):
            if expression.strip():
                yield " ".join(expression.split())


EXAMPLES = list(promql())
CONFIGURATIONS = [block for block in blocks("yaml") if block.startswith("nas:")]
ADMIN = [block for block in blocks("yaml") if block.startswith("admin:")]
SCRAPES = [block for block in blocks("yaml") if block.startswith("scrape_configs:")]


def test_there_is_something_to_check():
    assert len(EXAMPLES) >= 5 and CONFIGURATIONS and ADMIN and len(SCRAPES) == 2


def test_the_table_is_the_catalogue(tmp_path):
    shown = TEXT.split("<!-- metrics: begin -->\n")[1].split("<!-- metrics: end -->")[0]
    made = run("metrics", "--format", "md", directory=tmp_path).stdout
    assert shown == made, "put the output of `cloudsync-exporter metrics --format md` between the markers of README.md"


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_configurations_are_good(tmp_path, text):
    secret = tmp_path / "dsm"
    secret.write_text("secret\n")
    file = tmp_path / "exporter.yaml"
    file.write_text(text.replace("/run/secrets/dsm", str(secret)))
    done = run("check-config", "--config.file", file, directory=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ADMIN)
def test_admin_sections_are_good(tmp_path, text):
    secret = tmp_path / "ops"
    secret.write_text("secret\n")
    file = tmp_path / "exporter.yaml"
    nas = "nas:\n  home:\n    url: https://nas.lan:5001\n    username: exporter\n    password: secret\n"
    file.write_text(nas + text.replace("/run/secrets/ops", str(secret)))
    done = run("check-config", "--config.file", file, directory=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", SCRAPES)
def test_scrape_configurations_are_good(tmp_path, text):
    file = tmp_path / "prometheus.yml"
    file.write_text(text)
    done = subprocess.run(["promtool", "check", "config", file], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus(shared_stage):
    """One that scrapes the demo, and an exporter whose NAS is switched off."""
    exporters = [shared_stage.demo(), shared_stage.exporter(configuration(f"http://127.0.0.1:{closed_port()}"))]
    targets = [exporter.url.removeprefix("http://") for exporter in exporters]
    return shared_stage.prometheus([{"job_name": "cloudsync", "static_configs": [{"targets": targets}]}])


@pytest.mark.parametrize("expression", EXAMPLES)
def test_examples_of_promql_answer(prometheus, expression):
    # The NAS that is down has little to say; what asks for it is answered by nobody else.
    of_the_down = expression.startswith("cloudsync_down_reason")

    def answers():
        found = {labels.get("nas") for labels, _ in prometheus.query(expression)}
        assert ("home" if of_the_down else "demo") in found, found

    eventually(answers)


def test_paths_that_it_links_to_are_there():
    for path in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (REPOSITORY / path).exists(), path
