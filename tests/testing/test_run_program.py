"""`run_program`."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pulumi
import pytest

from kubiya_pulumi.testing import Mocks, run_program


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "__main__.py").write_text(
        "import pulumi\n"
        "from naming import NAME\n"
        "from pathlib import Path\n"
        'if __name__ == "__main__":\n'
        '    pulumi.export("name", NAME)\n'
        '    pulumi.export("text", Path("text").read_text())\n'
    )
    (tmp_path / "naming.py").write_text('NAME = "one"\n')
    (tmp_path / "text").write_text("next to the program")
    return tmp_path


def test_a_folder_runs_as_in_the_engine(folder):
    assert run_program(folder, Mocks()).outputs == {"name": "one", "text": "next to the program"}
    assert run_program(str(folder / "__main__.py"), Mocks()).outputs["name"] == "one"


def test_relative_paths(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert run_program(folder.name, Mocks()).outputs["name"] == "one"
    assert run_program(f"{folder.name}/__main__.py", Mocks()).outputs["name"] == "one"


def test_a_run_leaves_the_process_unchanged(folder):
    before = (Path.cwd(), list(sys.path), threading.active_count())
    run_program(folder, Mocks())
    assert "naming" not in sys.modules
    (folder / "naming.py").write_text('NAME = "another"\n')
    assert run_program(folder, Mocks()).outputs["name"] == "another"
    assert (Path.cwd(), list(sys.path), threading.active_count()) == before
    assert pulumi.runtime.get_root_resource() is None


def test_names_and_configuration():
    def program():
        config = pulumi.Config()
        pulumi.export("project", pulumi.get_project())
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("organization", pulumi.get_organization())
        pulumi.export("size", config.require_object("size"))
        pulumi.export("url", pulumi.Config("kubiya").get("baseUrl"))
        pulumi.export("password", config.require_secret("password"))

    result = run_program(
        program,
        Mocks(),
        project="infra",
        stack="prod",
        organization="acme",
        config={"size": "[1, 2]", "kubiya:baseUrl": "https://kubiya.example"},
        secrets={"password": "secret"},
    )
    assert result.outputs == {
        "project": "infra",
        "stack": "prod",
        "organization": "acme",
        "size": [1, 2],
        "url": "https://kubiya.example",
        "password": "secret",
    }
    assert result.secrets == {"password"}


def test_runs_do_not_share_configuration():
    def program():
        pulumi.export("size", pulumi.Config().get("size") or "none")

    assert run_program(program, Mocks(), config={"size": "3"}).outputs["size"] == "3"
    assert run_program(program, Mocks()).outputs["size"] == "none"


def test_an_exception_of_the_program_is_raised_unchanged():
    def program():
        raise pulumi.RunError("the setting is missing")

    with pytest.raises(pulumi.RunError, match="the setting is missing"):
        run_program(program, Mocks())


def test_an_exception_of_an_output_is_raised():
    def program():
        pulumi.Output.from_input(1).apply(lambda one: one / 0)

    with pytest.raises(ZeroDivisionError):
        run_program(program, Mocks())


def test_an_asynchronous_program_is_awaited():
    def program():
        async def main():
            await asyncio.sleep(0)
            return {"late": "export"}

        pulumi.run(main)

    assert run_program(program, Mocks()).outputs == {"late": "export"}


def test_an_asynchronous_test_can_call_it():
    async def test():
        return run_program(lambda: pulumi.export("one", 1), Mocks())

    assert asyncio.run(test()).outputs == {"one": 1}
