"""KubiyaRunner: a runner at Kubiya's Runners API."""

from __future__ import annotations

import pulumi
from pulumi.dynamic import Resource

from kubiya_pulumi.lifecycle.providers import RunnerProvider

RUNNER_TYPE = "pulumi-python:dynamic/kubiya:Runner"
STACK_TYPE = "pulumi:pulumi:Stack"


class KubiyaRunner(Resource, module="kubiya", name="Runner"):
    """A runner at Kubiya: created by `POST /api/v3/runners/{name}`, deleted with the resource.

    The resource's `id` is the runner's name at the API. It stays known in every preview, so
    pass `runner.id` to what needs the name.

    A runner that is there already is refused, unless `adopt_existing` says to take it over.
    """

    name: pulumi.Output[str]
    """The runner's name at the API."""
    description: pulumi.Output[str]
    """The runner's description; empty if it has none."""
    version: pulumi.Output[str | None]
    """The runner's version, such as `v2`."""
    namespace: pulumi.Output[str | None]
    """The Kubernetes namespace of the runner's objects, such as `kubiya-system`."""
    kubernetes_namespace: pulumi.Output[str | None]
    """The same, where the API tells the two apart."""
    manifest_url: pulumi.Output[str | None]
    """Where the runner's manifest can be downloaded: a secret, for no key is asked for there."""
    task_id: pulumi.Output[str]
    """What the create tells the API of who made the runner: organization, project, stack, the
    types of the resource's parents, and its name, with slashes between."""
    adopted: pulumi.Output[bool | None]
    """Whether the runner was there already and was taken over; None if it was created."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        adopt_existing: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a runner.

        Args:
            resource_name: Pulumi's name for the resource.
            name: the runner's name at the API. Default: `resource_name`. Another name is
                another runner: the old one is deleted, then the new one created.
            description: what the runner is for. Changed in place. Default: none is set, and
                one that the runner has is left as it is; pass "" to clear it.
            adopt_existing: take over a runner of that name that exists, as it is, in place of
                refusing, unless another resource of this stack made it. It is then the
                program's: `pulumi destroy` deletes it, unless the options have
                `retain_on_delete=True`. Default: False.
            opts: options of the resource.

        `pulumi up` fails, with the state as it was, if a setting or an input is wrong
        (`SettingError`, or a line for each input), the runner exists (`RunnerExistsError`), or
        the API refuses (the classes under `ApiError`) or does not answer (`TransportError`).
        """
        props = {
            "name": resource_name if name is None else name,
            "description": description,
            "adopt_existing": adopt_existing,
            "task_id": _task_id(resource_name, opts),
            "adopted": None,
            "version": None,
            "namespace": None,
            "kubernetes_namespace": None,
            "manifest_url": None,
        }
        # A name is there once at the API: also a replacement that the user forces, about which
        # the engine asks no provider, has to delete first.
        always = pulumi.ResourceOptions(
            additional_secret_outputs=["manifest_url"], delete_before_replace=True
        )
        super().__init__(
            RunnerProvider(), resource_name, props, pulumi.ResourceOptions.merge(always, opts)
        )


def _task_id(resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
    """Name this very resource, the same in every run, so that it can recognise its runner.

    The engine does not tell a provider whose call it makes, so this is among the inputs.
    """
    parent = None if opts is None else opts.parent
    urn = pulumi.create_urn(resource_name, RUNNER_TYPE, parent)

    async def task_id() -> str:
        # Awaited, not applied: an input must not depend on the parent of its own resource.
        stack, project, types, name = str(await urn.future()).split("::", 3)
        parents = types.removeprefix(STACK_TYPE + "$").split("$")[:-1]
        stack = stack.removeprefix("urn:pulumi:")
        return "/".join((pulumi.get_organization(), project, stack, *parents, name))

    return pulumi.Output.from_input(task_id())
