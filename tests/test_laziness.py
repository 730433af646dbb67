"""Importing a part of the package does not load what this part does not need."""

import json
import subprocess
import sys

import pytest

IMPORTS = [
    ("import kubiya_pulumi.api", ["pulumi", "requests", "urllib3"]),
    ("from kubiya_pulumi.api import ApiError, Runner, RunnersApi", ["pulumi", "requests"]),
    ("from kubiya_pulumi.api import RunnersClient", ["pulumi", "pulumi_kubernetes"]),
    ("import kubiya_pulumi.config", ["pulumi", "pulumi_kubernetes", "requests"]),
    (
        "from kubiya_pulumi import KubiyaRunner, RunnerHealth",
        ["pulumi_kubernetes", "requests", "kubiya_pulumi.review.reviewer"],
    ),
    (
        "import kubiya_pulumi.lifecycle.providers",
        ["pulumi_kubernetes", "requests", "kubiya_pulumi.review.reviewer"],
    ),
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
    ("import kubiya_pulumi.cli.import_command", ["pulumi", "requests", "rich", "yaml"]),
]
"""Each import statement, and the modules that it must not load."""


OWN_MODULES = [
    ("from kubiya_pulumi import KubiyaRunner", "import pulumi, pulumi.dynamic", 50),
    ("import kubiya_pulumi.lifecycle.providers", "import pulumi, pulumi.dynamic", 50),
]
"""Each import statement, what it is compared with, and how many more modules it may load."""


@pytest.mark.parametrize(("statement", "baseline", "max_modules"), OWN_MODULES)
def test_an_import_loads_few_modules(statement: str, baseline: str, max_modules: int) -> None:
    program = f"import sys\n{baseline}\nbefore = len(sys.modules)\n{statement}\n"
    result = subprocess.run(
        [sys.executable, "-c", f"{program}print(len(sys.modules) - before)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout) <= max_modules


@pytest.mark.parametrize(("statement", "forbidden"), IMPORTS)
def test_an_import_does_not_load(statement: str, forbidden: list[str]) -> None:
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = json.loads(result.stdout)
    assert [module for module in forbidden if module in loaded] == []
