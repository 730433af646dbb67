"""The import entry of a `KubiyaRunner`."""

from __future__ import annotations

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.declarations import RunnerInputs
from kubiya_pulumi.importing.candidates import Candidate
from kubiya_pulumi.importing.entries import Entry, resource_entry
from kubiya_pulumi.lifecycle.last_seen import first_seen
from kubiya_pulumi.lifecycle.providers import RunnerProvider
from kubiya_pulumi.lifecycle.runner_creation import adopted_state


def runner_entry(
    api: RunnersApi,
    candidate: Candidate,
    *,
    name: str | None = None,
    parent: str | None = None,
    with_secrets: bool = False,
) -> Entry:
    """Return the entry of a runner: the state that its adoption would store.

    The secrets are the URL of the manifest, and where, as whom and with which owner the runner was
    seen. The file of another stack may not contain them; the next refresh adds them.

    Args:
        api: the API. It is called only for the secrets.
        candidate: the runner.
        name: Pulumi's name for the resource. Default: that of the candidate.
        parent: the entry of its parent; see `resource_entry`.
        with_secrets: whether the entry contains the secrets, in plain text.

    Raises:
        KubiyaError: the URL of the manifest cannot be read; see `RunnersApi`.
    """
    runner = candidate.runner
    url = api.get_runner_manifest(runner.name).manifest_url if with_secrets else None
    state = adopted_state(
        RunnerInputs(name=runner.name), runner, url, first_seen(api.place, runner)
    )
    return resource_entry(
        RunnerProvider(),
        state,
        name=candidate.resource_name if name is None else name,
        parent=parent,
        with_secrets=with_secrets,
    )
