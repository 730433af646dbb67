"""A walk through the changes that users make to a stack, with a model of what must be true.

Each step changes the program, the settings or the state, and runs commands of the engine. After
each one, the service and the state contain exactly what the model says, and the runners of others
are unchanged. Some steps are disturbed: the first `pulumi up` meets faults or is killed, and the
next one completes it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from kubiya_pulumi.emulator import Emulator
from tests.engine.states import RUNNER
from tests.engine.walk_program import Declared, program_of
from tests.harness.engine import Stack
from tests.harness.fault_strategies import CHANGES, FaultArguments

WAIT_SECONDS = 120.0
FAULTS: tuple[FaultArguments, ...] = (
    {"kind": "status", "status": 503, "when": "before"},
    {"kind": "status", "status": 503, "when": "after"},
    {"kind": "reset", "when": "before"},
    {"kind": "reset", "when": "after"},
    {"kind": "html", "when": "after"},
    {"kind": "cut"},
)
HANGS: tuple[FaultArguments, ...] = (
    {"when": "before"},
    {"when": "before", "seconds": 1.0},
    {"when": "after"},
)
FOREIGN = {"somebody-elses": "theirs"}
Runners = dict[str, str | None]
"""Descriptions by the names of runners."""
Step = Callable[["Walk"], None]
"""A function of `walk_steps`."""


class Walk:
    """A stack, and what it must contain. `walk_steps` has the steps.

    Args:
        dev: the stack, without resources. It uses `emulator`.
        emulator: the service.
        elsewhere: another service, without runners.
        choose: the source of random choices.
    """

    declared: list[Declared]
    """The resources of the program."""
    left: Runners
    """The runners of others, and those that a resource has left in place."""
    key: str
    """The current API key."""
    counts: Counter[str]
    """The number of steps and of disturbances of each kind."""

    def __init__(
        self, dev: Stack, emulator: Emulator, elsewhere: Emulator, choose: random.Random
    ) -> None:
        self.dev, self.emulator, self.elsewhere = dev, emulator, elsewhere
        self.choose = choose
        # A service that reports no owner: a create that was interrupted needs an adoption.
        self._is_silent = emulator.options.owner_fields == "dropped"
        self.key = emulator.api_key
        self.declared = []
        self.left = dict(FOREIGN)
        self._names = 0
        self._steps: list[str] = []
        self._held_for_ever = 0
        self.counts = Counter()

    def run(self, steps: Iterable[Step]) -> None:
        """Create a stack, make these steps, and destroy the stack.

        Raises:
            AssertionError: the model is violated, or a command failed. The message contains the
                steps so far and the program.
        """
        try:
            self._start()
            for step in steps:
                self._steps.append(step.__name__)
                self.counts[step.__name__] += 1
                step(self)
            self._finish()
        except AssertionError as error:
            program = (self.dev.program / "__main__.py").read_text()
            raise AssertionError(f"after {self._steps}:\n{program}\n{error}") from error

    def _start(self) -> None:
        for name, description in FOREIGN.items():
            self.emulator.add_runner(name, description=description, managed_by="terraform")
        self.emulator.add_runner("adopted", description="d", managed_by="crossplane")
        self.declared = [
            self.created(Declared("a", "one", "d"), "one"),
            self.created(Declared("b", "two", "d"), "two"),
            Declared("c", "adopted", "d", adopts=True),
        ]
        self.up()

    def _finish(self) -> None:
        self.dev.preview("--expect-no-changes")
        self.dev.destroy("--skip-preview")
        self.declared = []
        self.check()

    def move_state(self, item: Declared, source: str, destination: str) -> None:
        """Move a resource to another stack, and select that."""
        self.dev.run("stack", "select", source)
        urn = self.urn(item)
        self.dev.run(*("state", "move", urn, "--yes", "--source", source, "--dest", destination))
        self.dev.run("stack", "select", destination)

    def without_alias(self, change: Callable[[Declared], Declared]) -> None:
        """Rename or move a resource. Only a runner that this stack did not create goes along."""
        item = self.pick()
        before = list(self.declared)
        self.put(item, replace(change(item), adopts=True, aliases=()))
        if item.is_owned:
            self.refused("up")
            self.declared = before
            self.up("--expect-no-changes")
        else:
            self.disturbed_up()

    def new(self, kind: str) -> str:
        """Return a name or text that the walk has not used."""
        self._names += 1
        return f"{kind}-{self._names}"

    def pick(self) -> Declared:
        """Choose a resource. If few are left, add some."""
        while len(self.declared) < 3:
            self.add()
            self.up()
        return self.choose.choice(self.declared)

    def pick_two(self) -> list[Declared]:
        """Choose two resources."""
        first = self.pick()
        return [first, self.choose.choice([item for item in self.declared if item is not first])]

    def add(self) -> None:
        """Add a resource to the program."""
        self.declared.append(self.created(Declared(self.new("r"), "", "d"), self.new("runner")))

    def put(self, old: Declared, new: Declared) -> None:
        """Replace a resource of the program."""
        self.declared[self.declared.index(old)] = new

    def redescribe(self, item: Declared, *, created: bool = False) -> None:
        """Give a resource a new description, which an option may make a replacement."""
        changed = self.created(item, item.runner) if created else item
        self.put(item, replace(changed, description=self.new("text")))

    def created(self, item: Declared, runner: str) -> Declared:
        """Return the resource with a runner that it creates."""
        return replace(item, runner=runner, adopts=self._is_silent, is_owned=not self._is_silent)

    def with_options(self, item: Declared, options: str) -> Declared:
        """Set options of a resource, which change nothing else."""
        changed = replace(item, options=options)
        self.put(item, changed)
        self.up()
        return changed

    def without_options(self) -> None:
        """Remove the options of all resources."""
        self.declared = [replace(item, options="") for item in self.declared]
        self.up()

    def urn(self, item: Declared) -> str:
        """Return the URN that a resource has in the state."""
        urns = [resource["urn"] for resource in self.dev.resources(RUNNER)]
        return next(str(urn) for urn in urns if urn.endswith(f"::{item.resource}"))

    def write(self) -> None:
        """Write the program."""
        self.dev.rewrite(program_of(self.declared))

    def up(self, *flags: str) -> None:
        """Run `pulumi up`, and compare the service and the state with the program."""
        self.write()
        self.dev.up("--skip-preview", *flags)
        self.check()

    def refused(self, command: str, *flags: str) -> None:
        """Assert that a command fails and changes nothing."""
        self.write()
        before = self._at_the_service(), self._in_the_state()
        failed = self.dev.run(command, "--yes", "--skip-preview", *flags, check=False)
        assert failed.returncode, failed.text
        assert (self._at_the_service(), self._in_the_state()) == before, failed.text

    def disturbed_up(self) -> None:
        """Run `pulumi up`, perhaps with faults or a crash, and complete it."""
        disturbance = self.choose.choice(("none", "faults", "crash"))
        self.counts[f"disturbed by {disturbance}"] += 1
        self.write()
        if disturbance == "faults":
            for fault in self.choose.sample(FAULTS, 2):
                operation = self.choose.choice(("*", *CHANGES))
                self.emulator.faults.add(**fault, operation=operation)
            self.dev.up("--skip-preview", check=False)
            self._settle()
        elif disturbance == "crash":
            self._crash()
        self.up()
        if disturbance == "crash":
            self.dev.refresh("--skip-preview", "--clear-pending-creates")

    def _crash(self) -> None:
        """Kill `pulumi up` while the service holds one of its calls, if it makes that many."""
        hang, held = self.choose.choice(HANGS), self.emulator.faults.hanging
        self.emulator.faults.add("hang", nth=self.choose.randint(1, 6), **hang)
        self.dev.start("up", "--yes", "--skip-preview")
        wait_for(lambda: self.emulator.faults.hanging > held or not self.dev.is_running)
        # A plugin that outlives its engine would go on while the next command runs.
        kill = self.choose.choice((Stack.kill_everything, Stack.kill_plugin))
        kill(self.dev) if self.dev.is_running else self.dev.wait()
        if "seconds" not in hang:
            self._held_for_ever = self.emulator.faults.hanging
        self._settle()
        self.dev.run("cancel", "--yes", check=False)

    def _settle(self) -> None:
        """Remove all faults, and wait for the calls that will end."""
        self.emulator.faults.clear()
        wait_for(lambda: self.emulator.faults.hanging <= self._held_for_ever)

    def _at_the_service(self) -> Runners:
        return {runner.name: runner.description for runner in self.emulator.runners.values()}

    def _in_the_state(self) -> dict[str, tuple[str, str]]:
        return {
            resource["urn"].split("::")[-1]: (resource["id"], resource["outputs"]["description"])
            for resource in self.dev.resources(RUNNER)
        }

    def check(self, declared: list[Declared] | None = None) -> None:
        """Compare the service and the state with the model."""
        items = self.declared if declared is None else declared
        wanted = {item.runner: item.description for item in items}
        assert self._at_the_service() == self.left | wanted
        assert self._in_the_state() == {
            item.resource: (item.runner, item.description) for item in items
        }


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "a command or a call never ends"
        time.sleep(0.01)
