"""Running a program without the engine."""

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
    (tmp_path / "text").write_text("beside the program")
    return tmp_path


def test_a_folder_is_run_as_the_engine_runs_it(folder):
    assert run_program(folder, Mocks()).outputs == {"name": "one", "text": "beside the program"}
    assert run_program(str(folder / "__main__.py"), Mocks()).outputs["name"] == "one"


def test_a_path_may_be_relative(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert run_program(folder.name, Mocks()).outputs["name"] == "one"
    assert run_program(f"{folder.name}/__main__.py", Mocks()).outputs["name"] == "one"


def test_runs_leave_nothing_behind(folder):
    before = (Path.cwd(), list(sys.path), threading.active_count())
    run_program(folder, Mocks())
    assert "naming" not in sys.modules
    (folder / "naming.py").write_text('NAME = "another"\n')
    assert run_program(folder, Mocks()).outputs["name"] == "another"
    assert (Path.cwd(), list(sys.path), threading.active_count()) == before
    assert pulumi.runtime.get_root_resource() is None


def test_settings_belong_to_the_project():
    def program():
        config = pulumi.Config()
        pulumi.export("project", pulumi.get_project())
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("organization", pulumi.get_organization())
        pulumi.export("size", config.require_object("size"))
        pulumi.export("url", pulumi.Config("kubiya").get("baseUrl"))
        pulumi.export("hush", config.require_secret("hush"))

    ran = run_program(
        program,
        Mocks(),
        project="infra",
        stack="prod",
        organization="acme",
        config={"size": "[1, 2]", "kubiya:baseUrl": "https://kubiya.example"},
        secrets={"hush": "secret"},
    )
    assert ran.outputs == {
        "project": "infra",
        "stack": "prod",
        "organization": "acme",
        "size": [1, 2],
        "url": "https://kubiya.example",
        "hush": "secret",
    }
    assert ran.secrets == {"hush"}


def test_settings_of_one_run_are_not_those_of_the_next():
    def program():
        pulumi.export("size", pulumi.Config().get("size") or "none")

    assert run_program(program, Mocks(), config={"size": "3"}).outputs["size"] == "3"
    assert run_program(program, Mocks()).outputs["size"] == "none"


def test_an_error_of_the_program_comes_out_as_it_is():
    def program():
        raise pulumi.RunError("the setting is missing")

    with pytest.raises(pulumi.RunError, match="the setting is missing"):
        run_program(program, Mocks())


def test_an_error_of_an_output_comes_out_too():
    def program():
        pulumi.Output.from_input(1).apply(lambda one: one / 0)

    with pytest.raises(ZeroDivisionError):
        run_program(program, Mocks())


def test_an_asynchronous_program_is_run_to_its_end():
    def program():
        async def main():
            await asyncio.sleep(0)
            return {"late": "export"}

        pulumi.run(main)

    assert run_program(program, Mocks()).outputs == {"late": "export"}


def test_it_can_be_called_from_an_asynchronous_test():
    async def test():
        return run_program(lambda: pulumi.export("one", 1), Mocks())

    assert asyncio.run(test()).outputs == {"one": 1}
