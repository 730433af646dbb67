"""Importing a part of the package does not load what this part does not need."""

import json
import subprocess
import sys

import pytest

IMPORTS = [
    ("import kubiya_pulumi.api", ["pulumi", "requests", "urllib3"]),
    ("from kubiya_pulumi.api import ApiError, Runner, RunnersApi", ["pulumi", "requests"]),
    ("from kubiya_pulumi.api import RunnersClient", ["pulumi", "pulumi_kubernetes"]),
    ("import kubiya_pulumi.config", ["pulumi", "pulumi_kubernetes"]),
    ("import kubiya_pulumi.review", ["pulumi", "requests", "yaml", "jsonschema"]),
    (
        "from kubiya_pulumi.review import *",
        [
            *("pulumi", "pulumi_kubernetes", "requests", "kubiya_pulumi.api"),
            *("jsonschema", "kubernetes_validate"),
        ],
    ),
    ("import kubiya_pulumi.emulator", ["pulumi", "requests", "starlette", "uvicorn", "yaml"]),
    (
        "from kubiya_pulumi.emulator import EmulatorOptions, Fault",
        ["pulumi", "requests", "starlette", "uvicorn", "kubernetes"],
    ),
    (
        "from kubiya_pulumi.emulator import *",
        ["pulumi", "pulumi_kubernetes", "requests", "kubernetes", "kubiya_pulumi.api"],
    ),
    ("import kubiya_pulumi.preview_report", ["pulumi", "pulumi_kubernetes", "requests"]),
    (
        "import kubiya_pulumi.cli.main",
        ["pulumi", "pulumi_kubernetes", "requests", "rich", "starlette", "yaml"],
    ),
    ("import kubiya_pulumi.cli.preview_report_command", ["pulumi", "requests", "rich"]),
    ("import kubiya_pulumi.cli.review_command", ["pulumi", "requests", "rich"]),
]
"""Each import statement, and the modules that it must not load."""


@pytest.mark.parametrize(("statement", "forbidden"), IMPORTS)
def test_an_import_does_not_load(statement: str, forbidden: list[str]) -> None:
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = json.loads(result.stdout)
    assert [module for module in forbidden if module in loaded] == []
