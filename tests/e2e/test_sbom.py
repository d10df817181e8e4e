"""The bill of materials: valid CycloneDX, and exactly the crates that the program is built of."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
TARGETS = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"]


def made(target: str) -> str:
    ran = subprocess.run([ROOT / "deploy/sbom", target], capture_output=True, text=True, timeout=120, check=True)
    return ran.stdout


def crates(target: str) -> set[str]:
    """What Cargo says that the program is built of, procedural macros included."""
    command = ["cargo", "tree", "--locked", "--edges", "normal", "--target", target, "--prefix", "none"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found = re.findall(r"^(\S+) v(\S+)", ran.stdout, flags=re.MULTILINE)
    return {f"pkg:cargo/{name}@{version}" for name, version in found}


@pytest.mark.parametrize("target", TARGETS)
def test_the_bill_of_materials_is_valid_and_whole(target):
    text = made(target)
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    document = json.loads(text)
    program = document["metadata"]["component"]
    components = document["components"]
    listed = [program["purl"], *(component["purl"] for component in components)]
    assert len(listed) == len(set(listed)) > 100
    assert set(listed) == crates(target)
    for component in components:
        assert component["licenses"][0]["expression"] != "NOASSERTION", component["name"]
        assert len(component["hashes"][0]["content"]) == 64, component["name"]
    dependencies = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert set(dependencies) == set(listed)
    reached = set()
    ahead = [program["bom-ref"]]
    while ahead:
        crate = ahead.pop()
        if crate not in reached:
            reached.add(crate)
            ahead.extend(dependencies[crate])
    assert reached == set(listed), "what nothing depends on is not in the program"


def test_the_same_commit_gives_the_same_document():
    assert made(TARGETS[0]) == made(TARGETS[0])
