"""The decisions about a runner at the Runners API: see `steps` for what each one means."""

from __future__ import annotations

import logging
from collections.abc import Set
from typing import Any

from kubiya_pulumi.api import (
    KubiyaError,
    NotFoundError,
    Runner,
    RunnersClient,
    UnexpectedStatusError,
    name_problem,
)
from kubiya_pulumi.lifecycle.errors import NotSupportedError, RunnerExistsError, RunnerGoneError
from kubiya_pulumi.lifecycle.look import listed_runner, present_runner
from kubiya_pulumi.lifecycle.steps import Difference, Failure, Properties, State

INPUTS = ("name", "description", "adopt_existing")
METHOD_NOT_ALLOWED = 405

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


def create(client: RunnersClient, inputs: Properties) -> State:
    """Create the runner, or adopt the one of that name if the program says so.

    The API may answer a create for a name that exists with the manifest of a runner that
    somebody else made, so its answer proves nothing: the look comes first.
    """
    name = inputs["name"]
    existing = listed_runner(client, name)
    if existing is None:
        return _created(client, inputs)
    if inputs.get("adopt_existing"):
        return _adopted(client, inputs, existing)
    owner = f", managed by {existing.managed_by}" if existing.managed_by else ""
    raise RunnerExistsError(
        f'runner "{name}" was not created: there is already a runner of that name{owner}. '
        "To manage that runner with this program, as it is, set adopt_existing=True; "
        "otherwise choose another name."
    )


def _created(client: RunnersClient, inputs: Properties) -> State:
    """Create the runner. From the answer on it exists, so nothing after it may raise."""
    name, description = inputs["name"], inputs.get("description")
    answer = client.create_runner(name, description=description)
    runner, manifest_url = answer.runner, answer.manifest_url
    try:
        runner = present_runner(client, name) or runner
    except KubiyaError as error:
        log.warning("%s The runner was created; `pulumi refresh` completes its outputs.", error)
    try:
        if description is not None and (runner is None or runner.description != description):
            runner = client.update_runner_description(name, description) or runner
    except KubiyaError as error:
        log.warning(
            "%s The runner was created, perhaps without its description: `pulumi refresh` shows, "
            "and the next `pulumi up` mends it.",
            error,
        )
    manifest_url = manifest_url or _manifest_url(client, name)
    return State(name, _outputs({**inputs, "manifest_url": manifest_url}, runner))


def _adopted(client: RunnersClient, inputs: Properties, existing: Runner) -> State:
    name, description = inputs["name"], inputs.get("description")
    manifest_url = client.get_runner_manifest(name).manifest_url
    if description is not None and existing.description is None:
        # A list may leave descriptions out.
        existing = present_runner(client, name) or existing
    if description is not None and existing.description != description:
        existing = _described(client, name, description) or existing
    return State(name, _outputs({**inputs, "manifest_url": manifest_url}, existing))


def _manifest_url(client: RunnersClient, name: str) -> str | None:
    """Where the manifest is, or None with a warning: it is worth no failure."""
    try:
        return client.get_runner_manifest(name).manifest_url
    except KubiyaError as error:
        log.warning(
            "%s The runner is there, but its manifest's URL is not known; the next "
            "`pulumi refresh` asks again.",
            error,
        )
        return None


def read(client: RunnersClient, id_: str, outputs: Properties) -> State | None:
    """Look at the runner. Its manifest's URL stays the one it was created with."""
    runner = present_runner(client, id_)
    if runner is None:
        return None
    manifest_url = outputs.get("manifest_url") or _manifest_url(client, id_)
    found = _outputs({**outputs, "name": id_, "manifest_url": manifest_url}, runner)
    return State(id_, found, inputs={name: found[name] for name in INPUTS if name in found})


def update(client: RunnersClient, id_: str, outputs: Properties, inputs: Properties) -> State:
    """Replace the description, all that the API lets anyone change."""
    runner = _described(client, id_, inputs["description"])
    return State(id_, _outputs({**outputs, **inputs}, runner))


def _described(client: RunnersClient, name: str, description: str) -> Runner | None:
    """Set the description; what a "not found" means is looked up in the list."""
    try:
        return client.update_runner_description(name, description)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not _no_such_route(error):
            raise
        if listed_runner(client, name) is None:
            raise RunnerGoneError(
                f'the description of runner "{name}" was not changed: the runner is gone. '
                "Run `pulumi refresh`, then `pulumi up` to create it anew."
            ) from None
        raise NotSupportedError(
            f'the description of runner "{name}" was not changed: the service answered '
            f"{error.status}, though the runner is there. It does not offer this change; set "
            "the description in the program to what the runner has."
        ) from None


def delete(client: RunnersClient, id_: str, outputs: Properties) -> None:  # noqa: ARG001
    """Delete the runner."""
    try:
        client.delete_runner(id_)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not _no_such_route(error):
            raise
        if listed_runner(client, id_) is not None:
            raise NotSupportedError(
                f'runner "{id_}" was not deleted: the service answered {error.status}, though '
                "the runner is still there. It does not offer deletion to this key; delete the "
                "runner another way, or set retain_on_delete=True in the resource's options to "
                "leave it in place."
            ) from None


def _no_such_route(error: NotFoundError | UnexpectedStatusError) -> bool:
    return isinstance(error, NotFoundError) or error.status == METHOD_NOT_ALLOWED


def _outputs(known: Properties, runner: Runner | None) -> dict[str, Any]:
    """What the runner has now, and where the API does not say, what was known before."""
    said = (
        {}
        if runner is None
        else {
            "description": runner.description,
            "version": runner.version,
            "namespace": runner.namespace or runner.kubernetes_namespace,
            "kubernetes_namespace": runner.kubernetes_namespace or runner.namespace,
        }
    )
    merged = {**known, **{name: value for name, value in said.items() if value is not None}}
    return {"description": "", **{name: v for name, v in merged.items() if v is not None}}
