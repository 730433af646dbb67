"""The program that declares the imported resources."""

from __future__ import annotations

from collections.abc import Sequence

from kubiya_pulumi.importing.candidates import Candidate
from kubiya_pulumi.importing.python_source import Names, assigned_call, string_literal

_PROTECT = "opts=pulumi.ResourceOptions(protect=True)"


def program_text(candidates: Sequence[Candidate], *, deployment: bool, protect: bool) -> str:
    """Return the program that declares each runner once, as the import file has it.

    Args:
        candidates: the runners.
        deployment: whether to declare a `RunnerDeployment` instead of a `KubiyaRunner`.
        protect: whether the program keeps the resources protected.
    """
    resource = "RunnerDeployment" if deployment else "KubiyaRunner"
    names = Names(["pulumi", "KubiyaRunner", "RunnerDeployment"])
    imports = f"from kubiya_pulumi import {resource}\n"
    title = "Runners that existed before this program, as `kubiya-pulumi import` found them."
    statements = [
        assigned_call(
            names.variable(candidate.resource_name),
            resource,
            _arguments(candidate, protect=protect),
        )
        for candidate in candidates
    ]
    head = f'"""{title}"""\n\n' + ("import pulumi\n" if protect else "") + imports
    return head + "\n" + "".join(statements)


def _arguments(candidate: Candidate, *, protect: bool) -> list[str]:
    runner = candidate.runner
    arguments = [string_literal(candidate.resource_name)]
    if runner.name != candidate.resource_name:
        arguments.append(f"name={string_literal(runner.name)}")
    if runner.description:
        arguments.append(f"description={string_literal(runner.description)}")
    return [*arguments, _PROTECT] if protect else arguments
