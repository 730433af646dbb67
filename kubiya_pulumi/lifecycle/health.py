"""The decisions about the health of a runner: see `steps` for what each one means.

Health is nothing that is made: to create it is to wait for it, to delete it is to forget it.
"""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any

from kubiya_pulumi.api import Clock, RunnerHealth, RunnersApi, name_problem
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.look import unless_gone
from kubiya_pulumi.lifecycle.steps import Difference, Failure, Properties, State
from kubiya_pulumi.lifecycle.wait import wait_until_healthy

DEFAULT_TIMEOUT_SECONDS = 600.0
INPUTS = ("runner", "timeout_seconds", "required_checks", "triggers")
"""`required_checks` is the argument `checks`: in the state, `checks` is what the checks said."""


def check(inputs: Properties, unknown: Set[str]) -> tuple[dict[str, Any], list[Failure]]:
    """The runner's name, the time and the names of checks must be possible ones."""
    defaults = {"timeout_seconds": DEFAULT_TIMEOUT_SECONDS, "required_checks": [], "triggers": []}
    checked = {name: value for name, value in {**defaults, **inputs}.items() if name not in unknown}
    problems = {
        "runner": name_problem(checked.get("runner")),
        "timeout_seconds": _timeout_problem(checked.get("timeout_seconds")),
        "required_checks": _checks_problem(checked.get("required_checks")),
    }
    return checked, [
        Failure(name, problem)
        for name, problem in problems.items()
        if problem and name not in unknown
    ]


def _timeout_problem(seconds: object) -> str | None:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return "must be a number of seconds"
    return None if 0 <= seconds < math.inf else "must be 0 seconds or more, and not endless"


def _checks_problem(checks: object) -> str | None:
    if isinstance(checks, list) and all(isinstance(name, str) and name for name in checks):
        return None
    return 'the argument checks must be a list of names of checks, such as ["tool-manager"]'


def diff(outputs: Properties, inputs: Properties, unknown: Set[str]) -> Difference:
    """Other checks or triggers mean to wait again; another time alone does not."""
    if "runner" in unknown or ("runner" in outputs and inputs["runner"] != outputs["runner"]):
        return Difference(replaces=("runner",))
    return Difference(
        updates=tuple(
            name
            for name in ("required_checks", "triggers")
            if name in unknown or inputs.get(name, []) != outputs.get(name, [])
        )
    )


def create(client: RunnersApi, inputs: Properties) -> State:
    """Wait until the runner is healthy."""
    return _waited(client, inputs["runner"], inputs)


def update(client: RunnersApi, id_: str, outputs: Properties, inputs: Properties) -> State:  # noqa: ARG001
    """Wait again."""
    return _waited(client, id_, inputs)


def read(client: RunnersApi, id_: str, outputs: Properties) -> State | None:
    """Record today's health, whatever it is."""
    health = unless_gone(client, id_, lambda: client.get_runner_health(id_))
    if health is None:
        return None
    inputs = {name: outputs[name] for name in INPUTS if name in outputs}
    now = {**inputs, "runner": id_, **_outputs(health)}
    # The service tells the time of its look, which alone is no news.
    if {**now, "checked_at": None} == {**outputs, "checked_at": None}:
        now = dict(outputs)
    return State(id_, now, inputs={**inputs, "runner": id_})


def delete(client: RunnersApi, id_: str, outputs: Properties) -> None:
    """Forget the health; there is nothing to delete at the API."""


def _waited(client: RunnersApi, name: str, inputs: Properties) -> State:
    def wait() -> RunnerHealth:
        return wait_until_healthy(
            lambda seconds: client.get_runner_health(name, total_timeout_seconds=seconds),
            runner=name,
            checks=inputs["required_checks"],
            timeout_seconds=inputs["timeout_seconds"],
            clock=Clock(),
        )

    health = unless_gone(client, name, wait)
    if health is None:
        raise RunnerGoneError(
            f'the health of runner "{name}" cannot be waited for: there is no such runner. '
            "Create it with KubiyaRunner and pass runner.id, or correct the name."
        )
    return State(
        name, {**{key: inputs[key] for key in INPUTS if key in inputs}, **_outputs(health)}
    )


def _outputs(health: RunnerHealth) -> dict[str, Any]:
    said = {
        "status": health.status,
        "health": health.health,
        "version": health.version,
        "checked_at": health.time,
        "checks": [_said(vars(check)) for check in health.checks],
    }
    return _said(said)


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """What the service said: a value that it left out is no value in the state."""
    return {name: value for name, value in values.items() if value is not None}
