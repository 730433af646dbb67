"""What an import takes into a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubiya_pulumi import deployment_names
from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.declarations import RUNNER
from kubiya_pulumi.importing.candidates import Candidate, Track, complete, concurrently
from kubiya_pulumi.importing.deployment_entries import deployment_entries
from kubiya_pulumi.importing.entries import EntryGroup, to_json
from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.importing.object_entries import is_object, without_repeated_objects
from kubiya_pulumi.importing.program_text import program_text
from kubiya_pulumi.importing.runner_entry import runner_entry
from kubiya_pulumi.importing.selection import select
from kubiya_pulumi.importing.stack import Stack
from kubiya_pulumi.importing.terraform import TerraformRunner
from kubiya_pulumi.lifecycle.ownership import MANAGED_BY
from kubiya_pulumi.text import join_names, join_quoted


@dataclass(frozen=True, kw_only=True)
class ImportFile:
    """An import file."""

    text: str = field(repr=False)
    object_count: int
    """How many Kubernetes objects the file contains."""
    messages: Sequence[str]
    """Which objects the file does not contain, and why, as sentences."""


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """The runners to import, and how."""

    candidates: Sequence[Candidate]
    """The runners."""
    deployment: bool
    """Whether each is imported as a `RunnerDeployment`."""
    messages: Sequence[str]
    """What the user should know, as sentences."""
    terraform_addresses: list[str]
    """The addresses of the runners in a state of Terraform."""

    def import_file(
        self,
        api: RunnersApi,
        *,
        with_objects: bool,
        with_secrets: bool,
        track: Track[EntryGroup],
    ) -> ImportFile:
        """Return the import file.

        Args:
            api: the API, for what the list of runners omits.
            with_objects: whether the file contains the objects of the deployments.
            with_secrets: whether the file contains the secrets, in plain text.
            track: shows the progress.

        Raises:
            KubiyaError: a request failed; see `RunnersApi`.
        """

        def entries(candidate: Candidate) -> EntryGroup:
            if self.deployment:
                return deployment_entries(
                    api, candidate, with_objects=with_objects, with_secrets=with_secrets
                )
            return EntryGroup([runner_entry(api, candidate, with_secrets=with_secrets)])

        groups = list(track(concurrently(entries, self.candidates), len(self.candidates)))
        kept, repeated = without_repeated_objects(
            entry for group in groups for entry in group.entries
        )
        unknown = [str(reference) for group in groups for reference in group.left_out]
        return ImportFile(
            text=to_json(kept),
            object_count=sum(map(is_object, kept)),
            messages=[
                *_left_out(
                    unknown,
                    "the manifest does not tell their namespace or scope",
                    "`pulumi up` takes them over.",
                ),
                *_left_out(
                    repeated,
                    "they occur more than once in the manifests",
                    "Import each of the runners into the stack of its own cluster.",
                ),
            ],
        )

    def program(self, *, protect: bool) -> str:
        """Return the program that declares the same resources; see `program_text`."""
        return program_text(self.candidates, deployment=self.deployment, protect=protect)


def plan_import(
    api: RunnersApi,
    *,
    wanted: Sequence[str],
    terraform: Mapping[str, TerraformRunner] | None,
    stack: Stack | None,
    deployment: bool,
    track: Track[Candidate],
) -> ImportPlan:
    """Select the runners, with one request, and one more for each that the list does not describe.

    Args:
        api: the API.
        wanted: names and patterns of runners. Empty: all.
        terraform: the runners of a state of Terraform, by Pulumi's name for each. None: all
            runners of the organization, each with its own name.
        stack: the stack that takes them in. None: it is not known.
        deployment: whether each becomes a `RunnerDeployment`.
        track: shows the progress.

    Raises:
        ImportRefusedError: a runner does not exist, no runner matches, or a name is taken in the
            stack.
        KubiyaError: a request failed; see `RunnersApi`.
    """
    listed = {runner.name: runner for runner in api.list_runners()}
    names = {name: name for name in listed}
    if terraform is not None:
        names = {runner.name: resource for resource, runner in terraform.items()}
    where = "in this organization" if terraform is None else "in the state of Terraform"
    selected = select(names, wanted, where)
    for name in selected:
        if terraform is not None and name not in listed:
            raise _missing_error(terraform[names[name]])
    managed = {} if stack is None else stack.runners
    messages = _refuse_or_leave_out(selected, wanted, managed, stack)
    chosen = {names[name]: listed[name] for name in selected if name not in managed}
    type_ = deployment_names.TYPE if deployment else RUNNER.type_token
    _refuse_taken_names(chosen, type_, stack)
    candidates = [
        Candidate(resource_name=name, runner=runner) for name, runner in sorted(chosen.items())
    ]
    candidates = complete(api, candidates, track)
    messages += _warn_of_other_stacks(candidates)
    return ImportPlan(
        candidates=candidates,
        deployment=deployment,
        messages=messages,
        terraform_addresses=[terraform[name].address for name in sorted(chosen)]
        if terraform
        else [],
    )


def _left_out(objects: Sequence[str], reason: str, remedy: str) -> list[str]:
    """Return a message about objects that are not in the file."""
    if not objects:
        return []
    return [
        f"objects are not in the import file, because {reason}: {join_names(objects)}. {remedy}"
    ]


def _missing_error(runner: TerraformRunner) -> ImportRefusedError:
    """Return the error for a runner that Terraform has and Kubiya has not."""
    return ImportRefusedError(
        f"the runner {join_quoted([runner.name])} of the Terraform resource "
        f"{join_quoted([runner.address])} does not exist in this organization: check the API key, "
        "or remove the resource with `terraform state rm`."
    )


def _refuse_or_leave_out(
    selected: Sequence[str], wanted: Sequence[str], managed: Mapping[str, str], stack: Stack | None
) -> list[str]:
    """Return a message about the runners that the stack has already; refuse named ones."""
    present = [name for name in selected if name in managed]
    if not present or stack is None:
        return []
    named = [name for name in present if name in wanted]
    if named:
        raise ImportRefusedError(
            f"the runner {join_quoted(named[:1])} is in the stack already, as the resource "
            f"{join_quoted([managed[named[0]]])}: omit it."
        )
    if len(present) == len(selected):
        raise ImportRefusedError(
            "all of these runners are in the stack already: there is nothing to import."
        )
    verb = "is" if len(present) == 1 else "are"
    return [f"{join_quoted(present)} {verb} in the stack already, and left out."]


def _warn_of_other_stacks(candidates: Sequence[Candidate]) -> list[str]:
    """Return a message about runners that a stack of Pulumi created."""
    names = [item.runner.name for item in candidates if item.runner.managed_by == MANAGED_BY]
    if not names:
        return []
    return [
        f"{join_quoted(names)} {'was' if len(names) == 1 else 'were'} created by Pulumi: if that "
        "stack exists, use `pulumi state move` instead, because a destroy of either stack deletes "
        "the runner."
    ]


def _refuse_taken_names(chosen: Mapping[str, Runner], type_: str, stack: Stack | None) -> None:
    taken = [name for name in chosen if stack is not None and (type_, name) in stack.resources]
    if taken:
        kind = type_.rpartition(":")[2]
        raise ImportRefusedError(
            f"the stack has another resource of the type {kind} with the name "
            f"{join_quoted(taken[:1])}: rename that one with an alias, or omit the runner "
            f"{join_quoted([chosen[taken[0]].name])}."
        )
