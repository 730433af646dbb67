"""Run the real Pulumi engine through its command line, with its state in a temporary folder."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from guard import processes_with

from tests.harness.toolchain import PATH, tool

COMMAND_SECONDS = 300.0
STORED_PIP = Path(__file__).parent / "listed_packages"
"""A folder for PYTHONPATH, whose module `pip` prints what `listed_packages` returns."""


@dataclass(frozen=True)
class Result:
    """The result of a command of the engine."""

    command: tuple[str, ...]
    """The arguments after `pulumi`."""
    returncode: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """The standard output and the standard error."""
        return self.stdout + self.stderr


def accept_interrupts() -> None:
    """Handle SIGINT although a shell started this process in the background.

    Such a process and its children ignore SIGINT, with which the engine ends its plugins. It then
    waits 5 seconds for each one.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@functools.cache
def listed_packages() -> str:
    """Return the output of pip with which the language host lists the installed packages."""
    arguments = ["list", "-v", "--format", "json"]
    listed = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], capture_output=True, check=True, text=True
    )
    return json.dumps({"prefix": sys.prefix, "arguments": arguments, "output": listed.stdout})


@dataclass(frozen=True)
class _CreatedStack:
    """A new stack, to copy."""

    settings: str
    """The text of its settings file, with its secrets."""
    state: Mapping[Path, bytes]
    """The files of its backend, relative to the folder of the stack."""


_CREATED_STACKS: dict[str, _CreatedStack] = {}
"""By project, name, secrets and settings of the engine."""


class CommandFailedError(AssertionError):
    """A command of the engine failed. The message contains its complete output."""

    def __init__(self, result: Result) -> None:
        command = " ".join(result.command[:2])
        super().__init__(
            f"pulumi {command} … failed with status {result.returncode}:\n{result.text}"
        )
        self.result = result


class Stack:
    """A Pulumi program with a stack, for a `with` block.

    The stack has its own backend and its own Pulumi home, and uses none of the user's settings. At
    the end of the block its processes are killed and its folder is removed. Resources are not
    destroyed: a test removes what it created outside of the folder.

    Args:
        program: a folder, which is copied without its stack settings, or the text of a
            `__main__.py`.
        name: the name of the stack.
        config: plain settings. A key without a colon belongs to the project.
        secrets: settings that are stored encrypted.
        env: variables to add to the clean environment of the engine. Only KUBECONFIG in here
            gives access to a cluster; the user's own is never used.
    """

    folder: Path
    """The temporary folder with everything that the stack writes: state, settings, logs."""
    program: Path
    """The folder with the copy of the program."""
    results: list[Result]
    """The results of all commands so far, in order."""
    env: Mapping[str, str]
    """Variables to add to the environment of the next commands."""

    def __init__(
        self,
        program: Path | str,
        name: str = "dev",
        *,
        config: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._source = program
        self._name = name
        self._config, self._secrets = config or {}, secrets or {}
        self.env = env or {}
        self.results = []
        self._running: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        tool("pulumi")
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stack-")))
            stack.callback(self._end_processes)
            self.program, self._home = self.folder / "program", self.folder / "home"
            for name in ("state", "temporary"):
                (self.folder / name).mkdir()
            self._copy_program()
            (self.folder / "packages.json").write_text(listed_packages())
            self._create()
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _copy_program(self) -> None:
        if isinstance(self._source, Path):
            ignore = shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__")
            shutil.copytree(self._source, self.program, ignore=ignore)
        else:
            self.program.mkdir()
            (self.program / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
            self.rewrite(self._source)

    def _create(self) -> None:
        """Create the stack with its settings, or copy one that this process has created.

        The engine derives a key from the passphrase in each command that sets a secret, which
        takes longer than all other work of such a command.
        """
        project = yaml.safe_load((self.program / "Pulumi.yaml").read_text())["name"]
        engine_env = {key: value for key, value in self.env.items() if key.startswith("PULUMI_")}
        identity = json.dumps([project, self._name, dict(self._secrets), engine_env])
        settings = self.program / f"Pulumi.{self._name}.yaml"
        created = _CREATED_STACKS.get(identity)
        if created is None:
            self.run("stack", "init", self._name)
            self.configure(secrets=self._secrets)
            state = {
                path.relative_to(self.folder): path.read_bytes()
                for path in (self.folder / "state").rglob("*")
                if path.is_file()
            }
            created = _CREATED_STACKS[identity] = _CreatedStack(settings.read_text(), state)
        else:
            for path, content in created.state.items():
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_bytes(content)
            settings.write_text(created.settings)
            self.run("stack", "select", self._name)
        if self._config:
            content = yaml.safe_load(created.settings)
            for key, value in self._config.items():
                name = key if ":" in key else f"{project}:{key}"
                content.setdefault("config", {})[name] = value
            settings.write_text(yaml.safe_dump(content))

    def rewrite(self, source: str) -> None:
        """Replace `__main__.py` of the program."""
        (self.program / "__main__.py").write_text(source)

    def configure(
        self, config: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        """Change settings of the stack. All others stay unchanged."""
        pairs = [("--plaintext", item) for item in (config or {}).items()]
        pairs += [("--secret", item) for item in (secrets or {}).items()]
        if pairs:
            flags = [text for flag, (key, value) in pairs for text in (flag, f"{key}={value}")]
            self.run("config", "set-all", *flags)

    def up(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run `pulumi up --yes`."""
        return self.run("up", "--yes", *args, check=check, verbose=verbose)

    def preview(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run `pulumi preview`."""
        return self.run("preview", *args, check=check, verbose=verbose)

    def preview_json(self, *args: str) -> dict[str, Any]:
        """Return the output of `pulumi preview --json`: the steps and their reasons."""
        return dict(json.loads(self.run("preview", "--json", *args).stdout))

    def refresh(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run `pulumi refresh --yes`."""
        return self.run("refresh", "--yes", *args, check=check, verbose=verbose)

    def destroy(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run `pulumi destroy --yes`."""
        return self.run("destroy", "--yes", *args, check=check, verbose=verbose)

    def export(self) -> dict[str, Any]:
        """Return the state, with encrypted secrets."""
        return dict(json.loads(self.run("stack", "export").stdout))

    def resources(self, type_: str | None = None) -> list[dict[str, Any]]:
        """Return the resources in the state: all of them, or those of one type."""
        resources = self.export()["deployment"].get("resources", [])
        return [resource for resource in resources if type_ in (None, resource["type"])]

    def import_(self, state: Mapping[str, Any]) -> None:
        """Replace the state with one that `export` returned."""
        file = self.folder / "import.json"
        file.write_text(json.dumps(state))
        self.run("stack", "import", "--file", str(file))

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the outputs of the stack. Requested secrets are not part of the transcript."""
        flags = ["--show-secrets"] if show_secrets else []
        result = self.run("stack", "output", "--json", *flags)
        if show_secrets:
            self.results.remove(result)
        return dict(json.loads(result.stdout))

    @property
    def transcript(self) -> str:
        """The output of all commands so far."""
        return "\n".join(result.text for result in self.results)

    def run(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run a command of the engine and wait for it.

        Args:
            args: the arguments after `pulumi`.
            check: whether to raise an error if the command fails.
            verbose: whether the engine writes a detailed log (`--logtostderr -v=9`).

        Raises:
            CommandFailedError: the command failed, or did not end within `COMMAND_SECONDS`.
        """
        self.start(*args, verbose=verbose)
        return self.wait(check=check)

    def start(self, *args: str, verbose: bool = False) -> None:
        """Start a command, for `wait` or `kill`. Only one can run at a time."""
        log = ["--logtostderr", "-v=9"] if verbose else []
        self._command = args
        # Use files: a plugin that outlives a killed engine would keep a pipe open.
        with self._output("stdout").open("w") as out, self._output("stderr").open("w") as err:
            self._running = subprocess.Popen(
                [tool("pulumi"), *args, "--non-interactive", "--color=never", *log],
                cwd=self.program,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )

    @property
    def is_running(self) -> bool:
        """Whether a command is running."""
        return self._running is not None and self._running.poll() is None

    def wait(self, *, check: bool = True) -> Result:
        """Wait for the command that `start` started; for arguments and errors see `run`."""
        if self._running is None:
            raise RuntimeError("no command was started")
        try:
            status = self._running.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            status = self._running.wait()
            check = True
        self._running = None
        out, err = self._output("stdout"), self._output("stderr")
        result = Result(self._command, status, out.read_text(), err.read_text())
        self.results.append(result)
        if check and status:
            raise CommandFailedError(result)
        return result

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the engine, as Ctrl-C and a CI system that cancels a job do."""
        if self._running is None:
            raise RuntimeError("no command was started")
        self._running.send_signal(number)

    def kill(self) -> Result:
        """Kill the engine. Its plugins keep running until the `with` block ends."""
        if self._running is None:
            raise RuntimeError("no command was started")
        self._running.kill()
        return self.wait(check=False)

    def kill_everything(self) -> Result:
        """Kill the engine and all its plugins, as a crash of the machine does."""
        result = self.kill()
        self._end_processes()
        return result

    def kill_plugin(self) -> Result:
        """Kill the plugin of the dynamic resources, and wait for the engine."""
        for pid in self.processes():
            if b"pulumi.dynamic" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        return self.wait(check=False)

    def _output(self, name: str) -> Path:
        return self.folder / f"engine.{name}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the engine, which contains none of the user's settings."""
        own = ("KUBIYA_", "PULUMI_", "KUBECONFIG")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return (
            clean
            | {
                "PATH": PATH,
                "PYTHONPATH": str(STORED_PIP),
                "LISTED_PACKAGES": str(self.folder / "packages.json"),
                "NO_PROXY": "127.0.0.1,localhost",
                # The Kubernetes plugin writes a kubeconfig that it receives as text into a file.
                "TMPDIR": str(self.folder / "temporary"),
                # Otherwise kubectl and the plugin would use ~/.kube/config.
                "KUBECONFIG": str(self.folder / "no-cluster"),
                "PULUMI_HOME": str(self._home),
                "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "passphrase",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
            | dict(self.env)
        )

    def processes(self) -> list[int]:
        """Return the processes of this stack, identified by their PULUMI_HOME."""
        return processes_with(f"PULUMI_HOME={self._home}")

    def _end_processes(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
        # The engine stops its plugins unless it was killed.
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
