"""The import entries of a `RunnerDeployment`: the component and its parts."""

from __future__ import annotations

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.declarations import RunnerHealthState, RunnerManifestInputs
from kubiya_pulumi.deployment_names import TYPE, part_name
from kubiya_pulumi.importing.candidates import Candidate, deleted_error
from kubiya_pulumi.importing.entries import EntryGroup, resource_entry
from kubiya_pulumi.importing.object_entries import object_entries
from kubiya_pulumi.importing.runner_entry import runner_entry
from kubiya_pulumi.lifecycle.providers import RunnerHealthProvider, RunnerManifestProvider
from kubiya_pulumi.review import parse_manifest


def deployment_entries(
    api: RunnersApi, candidate: Candidate, *, with_objects: bool, with_secrets: bool = False
) -> EntryGroup:
    """Return the entries of a deployment.

    Args:
        api: the API.
        candidate: the runner.
        with_objects: whether the objects of the manifest have entries.
        with_secrets: whether the entries contain the secrets, in plain text.

    Raises:
        ImportRefusedError: the runner was deleted meanwhile.
        ManifestError: the download is not a Kubernetes manifest.
        KubiyaError: a request failed; see `RunnersApi`.
    """
    resource, runner = candidate.resource_name, candidate.runner.name
    # Unique in the file, whatever names the runners have.
    component = f"{TYPE} {resource}"
    manifest = RunnerManifestProvider.handler.create(api, RunnerManifestInputs(runner=runner))
    health = RunnerHealthProvider.handler.read(
        api, RunnerHealthState(runner=runner, triggers=[manifest.sha256])
    )
    if health is None:
        raise deleted_error(runner)
    entries = [
        {"type": TYPE, "name": component, "logicalName": resource, "component": True},
        runner_entry(
            api,
            candidate,
            name=part_name(resource, "runner"),
            parent=component,
            with_secrets=with_secrets,
        ),
        *(
            resource_entry(
                provider,
                state,
                name=part_name(resource, part),
                parent=component,
                with_secrets=with_secrets,
            )
            for part, provider, state in (
                ("manifest", RunnerManifestProvider(), manifest),
                ("health", RunnerHealthProvider(), health),
            )
        ),
    ]
    if not with_objects:
        return EntryGroup(entries)
    objects = object_entries(
        parse_manifest(manifest.content),
        resource_name=resource,
        parent=component,
        with_secrets=with_secrets,
    )
    return EntryGroup([*entries, *objects.entries], objects.left_out)
