"""KubiyaRunner: a Kubiya runner."""

from __future__ import annotations

import copy
from typing import ClassVar

import pulumi

from kubiya_pulumi.declarations import RUNNER
from kubiya_pulumi.dynamic.dynamic_resource import DynamicResource
from kubiya_pulumi.dynamic.resource_options import InvalidResourceError
from kubiya_pulumi.lifecycle.providers import RunnerProvider
from kubiya_pulumi.plaintext_key_warning import warn_about_plaintext_key

STACK_TYPE = "pulumi:pulumi:Stack"


class KubiyaRunner(DynamicResource, declaration=RUNNER):
    """A Kubiya runner, created by `POST /api/v3/runners/{name}`, deleted with the resource.

    The resource's `id` is the runner's name in Kubiya. Every preview knows it, so pass
    `runner.id` to a resource that needs the name.

    Creation fails if a runner with this name exists, unless `adopt_existing` is true.
    """

    import_advice: ClassVar[str] = (
        "Set adopt_existing=True, or import the file that `kubiya-pulumi import` writes with "
        "`pulumi import --file`."
    )
    name: pulumi.Output[str]
    """The runner's name in Kubiya."""
    description: pulumi.Output[str]
    """The runner's description; empty if it has none."""
    version: pulumi.Output[str | None]
    """The runner's version, such as `v2`."""
    namespace: pulumi.Output[str | None]
    """The Kubernetes namespace of the runner's objects, such as `kubiya-system`."""
    kubernetes_namespace: pulumi.Output[str | None]
    """The same namespace, if the API reports it in a separate field."""
    manifest_url: pulumi.Output[str | None]
    """The URL of the manifest. Secret: the URL gives access without an API key."""
    task_id: pulumi.Output[str | None]
    """The owner that the create request reports: organization, project, stack, the types of the
    resource's parents, and its name, separated by slashes."""
    adopt_existing: pulumi.Output[bool]
    """Whether to take over an existing runner with this name."""
    adopted: pulumi.Output[bool | None]
    """Whether the runner existed and was adopted; None if the resource created it."""

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
            name: the runner's name in Kubiya. Default: `resource_name`. A new name is a new
                runner: the old one is deleted before the new one is created.
            description: the runner's description. It changes in place. Default: it is not
                managed, and an existing one stays; pass "" to clear it.
            adopt_existing: take over an existing runner with this name, as it is, unless another
                resource of this stack created it. The program then manages it: `pulumi destroy`
                deletes it, unless the options set `retain_on_delete=True`. Default: False.
            opts: options of the resource.

        `pulumi up` fails, with the state unchanged, if a setting or an input is invalid
        (`SettingError`, or a line for each input), the runner exists (`RunnerExistsError`), or the
        API refuses the request (subclasses of `ApiError`) or does not respond (`TransportError`).
        """
        warn_about_plaintext_key()
        is_only_read = opts is not None and opts.id is not None
        arguments = {
            "name": resource_name if name is None else name,
            "description": description,
            "adopt_existing": adopt_existing,
            # A runner that is only read has another owner.
            "task_id": None if is_only_read else _task_id(resource_name, opts),
            "only_read": is_only_read or None,
        }
        super().__init__(RunnerProvider(), resource_name, arguments, _delete_first(opts))

    @staticmethod
    def get(
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002 - the name in every Pulumi package.
        opts: pulumi.ResourceOptions | None = None,
    ) -> KubiyaRunner:
        """Read an existing runner that this stack does not manage.

        The runner is never changed or deleted, also not by `pulumi destroy`. `pulumi refresh` reads
        it once more, and so does every `pulumi up`.

        Args:
            resource_name: Pulumi's name for the resource.
            id: the runner's name in Kubiya.
            opts: options of the resource.

        The preview and the update fail if the runner does not exist (`RunnerGoneError`), or the API
        refuses the request (`ApiError`) or does not respond (`TransportError`).

        Raises:
            InvalidResourceError: the id is None, as that of a missing setting is.
        """
        # The engine would create a resource without an id.
        if id is None:
            raise InvalidResourceError(
                f'KubiyaRunner.get "{resource_name}": the id is None; pass the name of the runner.'
            )
        only_read = pulumi.ResourceOptions(id=id)
        opts = pulumi.ResourceOptions.merge(opts, only_read)
        return KubiyaRunner(resource_name, name=id, opts=opts)


def _delete_first(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions | None:
    """Overrule an option that would delete the runner after its replacement has taken it over."""
    if opts is None or opts.delete_before_replace is not False:
        return opts
    pulumi.log.warn(
        "KubiyaRunner: delete_before_replace=False is ignored, because a name is unique in Kubiya: "
        "the old runner is deleted before the new one is created. Remove the option."
    )
    changed = copy.copy(opts)
    changed.delete_before_replace = True
    return changed


def _task_id(resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.Input[str]:
    """Identify this resource, with the same value in every run, so that it recognizes its runner.

    The engine does not tell a provider which resource a call is for, so this is an input.
    """
    # Without one, as in unit tests, it is that of a self-managed backend.
    organization = pulumi.get_organization() or "organization"
    if opts is None or opts.parent is None:
        project, stack = pulumi.get_project(), pulumi.get_stack()
        return "/".join((organization, project, stack, resource_name))
    urn = pulumi.create_urn(resource_name, RUNNER.type_token, opts.parent)

    async def task_id() -> str:
        # Awaited, not applied: an input must not depend on the parent of its own resource.
        stack, project, types, name = str(await urn.future()).split("::", 3)
        parents = types.removeprefix(STACK_TYPE + "$").split("$")[:-1]
        stack = stack.removeprefix("urn:pulumi:")
        return "/".join((organization, project, stack, *parents, name))

    return pulumi.Output.from_input(task_id())
