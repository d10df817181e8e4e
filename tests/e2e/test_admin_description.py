"""The API's description: valid, the one that is committed, and true as far as schemathesis finds out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from support.admin import OPS, administrated, expect, start
from support.description import COMMITTED, Description
from support.program import environment

METHODS = ["set_global_config", "set_personal_config", "set_connection_setting", "set_schedule_setting",
           "set_session_setting", "set_selective_sync_config", "pause", "resume", "unlink_connection", "unlink_session",
           "freeze", "unfreeze"]
SUPPORT = Path(__file__).resolve().parent / "support"
SEED = 3
# Of each operation in the fuzzing phase; the coverage phase makes as many as it needs.
EXAMPLES = 40

CONFIG = f"""
seed = {SEED}
hooks = "{SUPPORT / 'schemathesis_hooks.py'}"
continue-on-failure = true
auth.openapi.token.bearer = "{OPS}"

[generation]
deterministic = true
max-examples = {EXAMPLES}
no-shrink = true
# Failed authentications are slowed on purpose: by hundreds of wrong tokens this would take hours. test_admin_routes.py
# sends wrong ones to every operation.
with-security-parameters = false

# Most requests are for what is there: the simulated NAS has six connections with a task each.
[dictionaries]
nas = {{ values = ["home"] }}
id = {{ values = [1, 2, 3, 4, 5, 6] }}
hold = {{ values = HOLDS }}
name = {{ values = ["Dropbox", "Camera roll"] }}
folder = {{ values = ["/projects", "/photos/shared album", "/backup/archive", "/media/talks"] }}

[parameters]
"path.nas" = {{ dictionary = "nas", probability = 0.95 }}
"path.id" = {{ dictionary = "id", probability = 0.9 }}
"path.hold" = {{ dictionary = "hold", probability = 0.3 }}

[checks]
# For the same reason.
ignored_auth.enabled = false
# A body of too many bytes is refused for its length before anybody sees that it is wrong as well.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 428, "5xx"]

[[operations]]
include-operation-id = "remove_connection"
parameters = {{ "query.confirm" = {{ dictionary = "name", probability = 0.7 }} }}

[[operations]]
include-operation-id = "remove_task"
parameters = {{ "query.confirm" = {{ dictionary = "folder", probability = 0.7 }} }}

# Each waits until a second after the poll before.
[[operations]]
include-operation-id = "poll"
generation.max-examples = 3

# A hold that only a person ends has no end of its own: "latch" does not go with "for".
[[operations]]
include-operation-id = "create_hold"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422]

# The NAS refuses a task whose share it has not, and folders below one that it has not; its refusals are 502.
[[operations]]
include-operation-id = ["create_task", "list_folders"]
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502]

# Which volumes there are is the NAS's to say, and no schema can.
[[operations]]
include-operation-id = "change_config"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422]
"""


@pytest.fixture(scope="module")
def house(shared_stage, tmp_path_factory):
    nas = shared_stage.simulator()
    config = administrated(nas.url, tmp_path_factory.mktemp("house"), automation={"verify_timeout": "1s"})
    return start(shared_stage, config).polled()


def test_it_is_the_committed_one_and_valid(house):
    served = expect(200, house.admin.with_token(None).get("/openapi.json"))
    assert served == json.loads(COMMITTED.read_text())
    OpenAPIV31SpecValidator(served).validate()
    # Only this tells that the validator looks at all.
    broken = json.loads(COMMITTED.read_text())
    del broken["paths"]["/api/v1/nas/{nas}/config"]["get"]["responses"]["200"]["description"]
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_every_schema_is_used_and_is_there():
    text = COMMITTED.read_text()
    schemas = Description.committed().document["components"]["schemas"]
    for name in schemas:
        assert f'"#/components/schemas/{name}"' in text, f"nothing refers to {name}"


def test_schemathesis_finds_nothing(house, tmp_path):
    holds = [expect(201, house.admin.post("/holds", {"nas": "home", "connection_id": connection, "reason": "x"}))
             for connection in (1, 2, 5)]
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.replace("HOLDS", json.dumps([hold["hold"]["id"] for hold in holds])))
    st = Path(sys.executable).with_name("st")
    done = subprocess.run(
        [st, "--config-file", config, "run", house.admin_url + "/api/v1/openapi.json",
         "--phases", "examples,coverage,fuzzing"],
        cwd=tmp_path, env=environment(NO_COLOR="1"), text=True, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    cases = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert cases and cases[1] == cases[2] and int(cases[1]) > 1_000, done.stdout[-2_000:]
    # It got to everything that changes something, and the daemon is none the worse.
    done = {method: expect(200, house.admin.get("/audit", limit=1, action=method, outcome="succeeded"))["records"]
            for method in METHODS}
    assert all(done.values()), [method for method, records in done.items() if not records]
    assert expect(200, house.admin.post("/nas/home/poll"))["up"] is True
