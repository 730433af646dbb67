"""The real Pulumi engine through its command line, with a state of its own in a scratch folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from guard import processes_with

from tests.harness.toolchain import PATH, tool

COMMAND_SECONDS = 300.0


@dataclass(frozen=True)
class Result:
    """What a command of the engine answered."""

    command: tuple[str, ...]
    """The arguments after `pulumi`."""
    returncode: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.stdout + self.stderr


class CommandFailedError(AssertionError):
    """A command of the engine failed. The message is its whole output."""

    def __init__(self, result: Result) -> None:
        command = " ".join(result.command[:2])
        super().__init__(f"pulumi {command} … ended with {result.returncode}:\n{result.text}")
        self.result = result


class Stack:
    """A Pulumi program with a stack, as a context manager.

    The stack has its own backend, its own Pulumi home and nothing of the user's settings;
    leaving the context ends what still runs of it and removes its folder. It destroys
    nothing: what a test created outside, the test takes away.

    Args:
        program: a folder, which is copied without its stack settings, or the text of a
            `__main__.py`.
        name: the stack's name.
        config: plain settings. A key without a colon belongs to the project.
        secrets: settings that are stored encrypted.
        env: environment for the engine, on top of a clean one. A cluster has to be named
            here with KUBECONFIG; the user's own is out of reach.

    Attributes:
        folder: scratch folder with all that the stack leaves on disk: state, settings, logs.
        program: folder of the running copy of the program.
        results: every answer so far, in order.
    """

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
        self._env = env or {}
        self.results: list[Result] = []
        self._running: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        tool("pulumi")
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stack-")))
            stack.callback(self._end_processes)
            self.program, self._home = self.folder / "program", self.folder / "home"
            for each in ("state", "temporary"):
                (self.folder / each).mkdir()
            self._place_program()
            self.run("stack", "init", self._name)
            self.configure(self._config, self._secrets)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _place_program(self) -> None:
        if isinstance(self._source, Path):
            ignore = shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__")
            shutil.copytree(self._source, self.program, ignore=ignore)
        else:
            self.program.mkdir()
            (self.program / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
            self.rewrite(self._source)

    def rewrite(self, source: str) -> None:
        """Replace the program's `__main__.py`."""
        (self.program / "__main__.py").write_text(source)

    def configure(
        self, config: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        """Change settings of the stack; those that are not named stay."""
        pairs = [("--plaintext", item) for item in (config or {}).items()]
        pairs += [("--secret", item) for item in (secrets or {}).items()]
        if pairs:
            flags = [text for flag, (key, value) in pairs for text in (flag, f"{key}={value}")]
            self.run("config", "set-all", *flags)

    def up(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """`pulumi up --yes`."""
        return self.run("up", "--yes", *args, check=check, verbose=verbose)

    def preview(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """`pulumi preview`."""
        return self.run("preview", *args, check=check, verbose=verbose)

    def preview_json(self, *args: str) -> dict[str, Any]:
        """The steps and their reasons, as `pulumi preview --json` gives them."""
        return dict(json.loads(self.run("preview", "--json", *args).stdout))

    def refresh(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """`pulumi refresh --yes`."""
        return self.run("refresh", "--yes", *args, check=check, verbose=verbose)

    def destroy(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """`pulumi destroy --yes`."""
        return self.run("destroy", "--yes", *args, check=check, verbose=verbose)

    def export(self) -> dict[str, Any]:
        """The state, secrets encrypted."""
        return dict(json.loads(self.run("stack", "export").stdout))

    def resources(self, type_: str | None = None) -> list[dict[str, Any]]:
        """The resources in the state, all or those of one type."""
        found = self.export()["deployment"].get("resources", [])
        return [each for each in found if type_ in (None, each["type"])]

    def import_(self, state: Mapping[str, Any]) -> None:
        """Put a state, as `export` gives it, in place of the present one."""
        file = self.folder / "import.json"
        file.write_text(json.dumps(state))
        self.run("stack", "import", "--file", str(file))

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs. Shown secrets stay out of the transcript: they were asked for."""
        flags = ["--show-secrets"] if show_secrets else []
        result = self.run("stack", "output", "--json", *flags)
        if show_secrets:
            self.results.remove(result)
        return dict(json.loads(result.stdout))

    @property
    def transcript(self) -> str:
        """Everything the engine has printed so far."""
        return "\n".join(result.text for result in self.results)

    def run(self, *args: str, check: bool = True, verbose: bool = False) -> Result:
        """Run a command of the engine to its end.

        Args:
            args: what comes after `pulumi`.
            check: whether a failure is raised.
            verbose: whether the engine logs all it does (`--logtostderr -v=9`).

        Raises:
            CommandFailedError: it failed, or did not end in `COMMAND_SECONDS`.
        """
        self.start(*args, verbose=verbose)
        return self.wait(check=check)

    def start(self, *args: str, verbose: bool = False) -> None:
        """Start a command, for `wait` or `kill`; only one runs at a time."""
        log = ["--logtostderr", "-v=9"] if verbose else []
        self._command = args
        # Files, not pipes: what outlives a killed engine would hold a pipe open.
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
        """Whether a command was started that has not ended yet."""
        return self._running is not None and self._running.poll() is None

    def wait(self, *, check: bool = True) -> Result:
        """Wait for the command that was started; arguments and errors as for `run`."""
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

    def kill(self) -> Result:
        """End the engine as `kill -9` does. Its plugins live on until the context is left."""
        if self._running is None:
            raise RuntimeError("no command was started")
        self._running.kill()
        return self.wait(check=False)

    def kill_everything(self) -> Result:
        """End the engine and all that it started, as the end of the machine does."""
        result = self.kill()
        self._end_processes()
        return result

    def kill_plugin(self) -> Result:
        """End the plugin that serves dynamic resources, and wait for what the engine says."""
        for pid in self.processes():
            if b"pulumi.dynamic" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        return self.wait(check=False)

    def _output(self, name: str) -> Path:
        return self.folder / f"engine.{name}"

    def environment(self) -> dict[str, str]:
        """The environment in which the engine runs: nothing of the user's settings is in it."""
        own = ("KUBIYA_", "PULUMI_", "KUBECONFIG")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return (
            clean
            | {
                "PATH": PATH,
                "NO_PROXY": "127.0.0.1,localhost",
                # The Kubernetes plugin leaves a copy of each kubeconfig that it is given as text.
                "TMPDIR": str(self.folder / "temporary"),
                # Without it the user's own cluster would be next in line.
                "KUBECONFIG": str(self.folder / "no-cluster"),
                "PULUMI_HOME": str(self._home),
                "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "passphrase",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
            | dict(self._env)
        )

    def processes(self) -> list[int]:
        """The processes that run for this stack, known by the Pulumi home they were given."""
        return processes_with(f"PULUMI_HOME={self._home}")

    def _end_processes(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
        # The engine ends its plugins, unless it was killed.
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
