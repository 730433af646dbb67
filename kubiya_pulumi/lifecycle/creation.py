"""How a runner comes into the state: created once, whatever breaks, and never taken over.

The API may answer a create for a name that exists with the manifest of a runner that somebody
else made, so its answer proves nothing: the list is asked before it. And a create may be done
although its answer never came, or the engine died before it wrote the state. Then the next
create, which has the same inputs, finds a runner that says who made it (see `maker`).
"""

from __future__ import annotations

import logging
from dataclasses import replace

from kubiya_pulumi.api import BadRequestError, ConflictError, CreatedRunner, Runner, RunnersApi
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.description import set_description
from kubiya_pulumi.lifecycle.errors import RunnerExistsError
from kubiya_pulumi.lifecycle.look import listed_runner, present_runner
from kubiya_pulumi.lifecycle.maker import (
    MANAGED_BY,
    Maker,
    is_of_same_stack,
    maker,
    reports_owner,
    said_of,
)
from kubiya_pulumi.lifecycle.outputs import manifest_url_of, outputs_of
from kubiya_pulumi.lifecycle.steps import Properties, State

log = logging.getLogger(__name__)


def create(client: RunnersApi, inputs: Properties) -> State:
    """Create the runner, or take the one of that name if it is this resource's to take.

    Raises:
        RunnerExistsError: somebody else made it, or nobody says who did, and the program does
            not say to adopt it; or another resource of this stack made it.
        KubiyaError: the look or the create failed; see `RunnersApi`.
    """
    existing = _existing(client, inputs["name"])
    if existing is not None:
        return _found(client, inputs, existing)
    try:
        answer = _asked_for(client, inputs)
    except KubiyaError as error:
        # A refusal that names no reason to look proves that nothing was done.
        if not (error.outcome_unknown or isinstance(error, BadRequestError | ConflictError)):
            raise
        return _in_doubt(client, inputs, error)
    return _created(client, inputs, answer)


def _existing(client: RunnersApi, name: str) -> Runner | None:
    """Look for a runner of that name: who made it, what it is for, None if there is none."""
    listed = listed_runner(client, name)
    if listed is None or (reports_owner(listed) and listed.description is not None):
        return listed
    # A list may leave something out, and so may the runner's own description.
    described = present_runner(client, name)
    if described is None:
        return None
    return replace(
        described,
        managed_by=described.managed_by or listed.managed_by,
        task_id=described.task_id or listed.task_id,
    )


def _asked_for(client: RunnersApi, inputs: Properties) -> CreatedRunner:
    name = inputs["name"]
    return client.create_runner(
        name,
        description=inputs.get("description"),
        managed_by=MANAGED_BY,
        task_id=inputs.get("task_id"),
        confirm_not_created=lambda: listed_runner(client, name) is None,
    )


def _created(client: RunnersApi, inputs: Properties, answer: CreatedRunner) -> State:
    """Give the state of a runner that was created, unless another came first to its name."""
    name, runner = inputs["name"], answer.runner
    try:
        runner = present_runner(client, name) or runner
    except KubiyaError as error:
        log.warning("%s The runner was created; `pulumi refresh` completes its outputs.", error)
    if runner is not None and maker(runner, inputs.get("task_id")) is Maker.SOMEBODY_ELSE:
        return _found(client, inputs, runner)
    return _completed(client, inputs, runner, answer.manifest_url)


def _in_doubt(client: RunnersApi, inputs: Properties, error: KubiyaError) -> State:
    """Look what a create has come to that did not say so, and raise its error if to nothing."""
    try:
        existing = _existing(client, inputs["name"])
    except KubiyaError:
        raise error from None
    if existing is None:
        raise error
    return _found(client, inputs, existing)


def _found(client: RunnersApi, inputs: Properties, existing: Runner) -> State:
    """Take a runner that is there if this resource made it or is to adopt it, else refuse."""
    name, task_id = inputs["name"], inputs.get("task_id")
    made_by = maker(existing, task_id)
    if made_by is Maker.THIS_RESOURCE:
        log.info(
            'Runner "%s" was there already: this resource made it, most often in an update that '
            "was cut short. It is taken into the state.",
            name,
        )
        return _completed(client, inputs, existing, None)
    is_siblings = made_by is Maker.SOMEBODY_ELSE and is_of_same_stack(existing, task_id)
    # Renamed without an alias, that resource is deleted after this one, and its runner with it.
    if inputs.get("adopt_existing") and not is_siblings:
        return _adopted(client, inputs, existing)
    if is_siblings:
        way_on = (
            "Another resource of this stack made it, so it cannot be adopted. If that is this "
            "resource, renamed or moved, say so with aliases in its options"
        )
    elif made_by is Maker.NOT_KNOWN:
        way_on = (
            "If an update of this stack that was cut short has made it, or if this program is to "
            "manage it all the same, as it is, set adopt_existing=True"
        )
    else:
        way_on = "To manage that runner with this program, as it is, set adopt_existing=True"
    raise RunnerExistsError(
        f'runner "{name}" was not created: there is already a runner of that name'
        f"{said_of(existing)}. {way_on}; otherwise choose another name."
    )


def _completed(
    client: RunnersApi, inputs: Properties, runner: Runner | None, manifest_url: str | None
) -> State:
    """Set what a create may have left out. The runner exists, so nothing here may raise."""
    name, description = inputs["name"], inputs.get("description")
    try:
        if description is not None and (runner is None or runner.description != description):
            runner = client.update_runner_description(name, description) or runner
    except KubiyaError as error:
        log.warning(
            "%s The runner was created, perhaps without its description: `pulumi refresh` shows, "
            "and the next `pulumi up` mends it.",
            error,
        )
    manifest_url = manifest_url or manifest_url_of(client, name)
    return State(name, outputs_of({**inputs, "manifest_url": manifest_url}, runner))


def _adopted(client: RunnersApi, inputs: Properties, existing: Runner) -> State:
    name, description = inputs["name"], inputs.get("description")
    manifest_url = client.get_runner_manifest(name).manifest_url
    if description is not None and existing.description != description:
        existing = set_description(client, name, description) or existing
    known = {**inputs, "manifest_url": manifest_url, "adopted": True}
    return State(name, outputs_of(known, existing))
