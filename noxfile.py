"""The tests with every supported Python, and at both ends of the supported versions.

`nox` runs the fast tests in every session whose Python is installed; `nox --list` lists them. Each
session installs its own virtual environment, with uv if it is installed.

    nox --session tests-3.13                  one Python, with the pinned packages
    nox --session lowest -- tests/review      the tests of one folder
    nox --session lowest newest -- -m lifecycle
                                              the lifecycle on the real engine (after make tools)
    nox --session newest --force-python 3.13  the newest versions with another Python
"""

from __future__ import annotations

import re

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
TEST_PACKAGES = nox.project.dependency_groups(PROJECT, "test")
FAST = ("-n", "2", "-m", "not (engine or cluster or tools or slow)")

LOWEST_BOUND = re.compile(r"([\w-]+)>=([\w.]+)")


def lowest_versions() -> list[str]:
    """Return a requirement for the lowest version of each direct dependency."""
    project = PROJECT["project"]
    requirements = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        requirements += extra
    return [f"{found[1]}=={found[2]}" for found in map(LOWEST_BOUND.match, requirements) if found]


def run_tests(session: nox.Session, *requirements: str, upgrade: bool = False) -> None:
    """Install the package with all extras and the given requirements, and run tests."""
    flags = ("--upgrade",) if upgrade else ()
    session.install(*flags, "--editable", ".[all]", *TEST_PACKAGES, *requirements)
    session.run("python", "-m", "pytest", *(session.posargs or FAST))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the fast tests with the packages that requirements-dev.txt pins."""
    session.install("--requirement", "requirements-dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run("python", "-m", "pytest", *(session.posargs or FAST))


# PyYAML 6.0, the lowest version, has no wheel for a newer Python.
@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the fast tests with the lowest versions of the dependencies."""
    run_tests(session, *lowest_versions())


@nox.session(python=PYTHONS[-1])
def newest(session: nox.Session) -> None:
    """Run the fast tests with the newest Python and the newest versions of the dependencies."""
    run_tests(session, upgrade=True)
