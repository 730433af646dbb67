"""The decisions about a runner at the Runners API: see `steps` for what each one means."""

from __future__ import annotations

import logging
from collections.abc import Set
from typing import Any

from kubiya_pulumi.api import (
    NotFoundError,
    Runner,
    RunnersApi,
    UnexpectedStatusError,
    name_problem,
)
from kubiya_pulumi.lifecycle.creation import create
from kubiya_pulumi.lifecycle.description import gone, set_description
from kubiya_pulumi.lifecycle.errors import NotSupportedError, RunnerNotOursError
from kubiya_pulumi.lifecycle.look import listed_runner, no_such_route, present_runner
from kubiya_pulumi.lifecycle.maker import Maker, maker, said_of
from kubiya_pulumi.lifecycle.outputs import manifest_url_of, outputs_of
from kubiya_pulumi.lifecycle.steps import Difference, Failure, Properties, State

__all__ = ["check", "create", "delete", "diff", "read", "update"]

INPUTS = ("name", "description", "adopt_existing", "task_id")

log = logging.getLogger(__name__)


def check(inputs: Properties, unknown: Set[str]) -> tuple[dict[str, Any], list[Failure]]:
    """Refuse only what can never be sent; whether a name is good is the API's to say."""
    checked = {"adopt_existing": False, **inputs}
    checked = {name: value for name, value in checked.items() if name not in unknown}
    failures = []
    if "name" not in unknown and (problem := name_problem(checked.get("name"))):
        failures.append(Failure("name", problem))
    if problem := _description_problem(checked.get("description")):
        failures.append(Failure("description", problem))
    if not isinstance(checked.get("adopt_existing", False), bool):
        failures.append(Failure("adopt_existing", "must be true or false"))
    return checked, failures


def _description_problem(description: object) -> str | None:
    if description is None:
        return None
    if not isinstance(description, str):
        return "must be text"
    try:
        description.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode text"
    return None


def diff(outputs: Properties, inputs: Properties, unknown: Set[str]) -> Difference:
    """Another name is another runner; a description that the program gives can be changed.

    A name is unique at the API, but the two runners' manifests may hold the same objects, so
    the old runner goes first. A program without a description leaves it as it is.
    """
    new_name = "name" in unknown or ("name" in outputs and inputs["name"] != outputs["name"])
    new_description = "description" in unknown or (
        inputs.get("description") is not None
        and inputs["description"] != outputs.get("description", "")
    )
    return Difference(
        updates=("description",) if new_description else (),
        replaces=("name",) if new_name else (),
        delete_first=new_name,
    )


def read(client: RunnersApi, id_: str, outputs: Properties) -> State | None:
    """Look at the runner. Its manifest's URL stays the one it was created with."""
    runner = present_runner(client, id_)
    if runner is None:
        return None
    if _is_somebody_elses(runner, outputs):
        log.warning("%s To forget it here, use `pulumi state delete`.", _not_ours(runner))
    manifest_url = outputs.get("manifest_url") or manifest_url_of(client, id_)
    found = outputs_of({**outputs, "name": id_, "manifest_url": manifest_url}, runner)
    return State(id_, found, inputs={name: found[name] for name in INPUTS if name in found})


def update(client: RunnersApi, id_: str, outputs: Properties, inputs: Properties) -> State:
    """Replace the description, all that the API lets anyone change.

    `task_id` stays what the create sent, also where the resource has another URN since.
    """
    if _is_gone(client, id_, outputs, f'the description of runner "{id_}" was not changed'):
        raise gone(id_)
    runner = set_description(client, id_, inputs["description"])
    made_as = {"task_id": outputs.get("task_id")}
    return State(id_, outputs_of({**outputs, **inputs, **made_as}, runner))


def delete(client: RunnersApi, id_: str, outputs: Properties) -> None:
    """Delete the runner."""
    if _is_gone(client, id_, outputs, f'runner "{id_}" was not deleted'):
        return
    try:
        client.delete_runner(id_)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not no_such_route(error):
            raise
        if listed_runner(client, id_) is not None:
            raise NotSupportedError(
                f'runner "{id_}" was not deleted: the service answered {error.status}, though '
                "the runner is still there. It does not offer deletion to this key; delete the "
                "runner another way, or set retain_on_delete=True in the resource's options to "
                "leave it in place."
            ) from None


def _is_gone(client: RunnersApi, id_: str, outputs: Properties, failed: str) -> bool:
    """Look at the runner before it is changed, where the state knows what its maker says.

    The runner in the state may have been deleted outside, and its name be another's by now. What
    the service says of a runner's maker shows it, where it says anything; an adopted runner has
    another maker to begin with, and the state of an older version knows none.

    Raises:
        RunnerNotOursError: it is somebody else's by now.
    """
    if not _has_known_maker(outputs):
        return False
    runner = present_runner(client, id_)
    if runner is not None and _is_somebody_elses(runner, outputs):
        raise RunnerNotOursError(
            f"{failed}. {_not_ours(runner)} Use `pulumi state delete` to forget it here, then "
            "`pulumi up`."
        )
    return runner is None


def _is_somebody_elses(runner: Runner, outputs: Properties) -> bool:
    made_here = _has_known_maker(outputs)
    return made_here and maker(runner, outputs["task_id"]) is Maker.SOMEBODY_ELSE


def _has_known_maker(outputs: Properties) -> bool:
    return outputs.get("task_id") is not None and not outputs.get("adopted")


def _not_ours(runner: Runner) -> str:
    return (
        f'Runner "{runner.name}" is not the one that this stack made any more: it is there'
        f"{said_of(runner)}."
    )
