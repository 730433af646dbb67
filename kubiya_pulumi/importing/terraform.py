"""The runners in a state of Terraform: resources `kubiya_runner` of Kubiya's public provider.

Two forms of a state are read: the file `terraform.tfstate` (version 4), and the output of
`terraform show -json`. Nothing but the addresses and the names of the runners is taken from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.text import join_quoted

_RESOURCE = "kubiya_runner"
_MODULE = re.compile(r'module\.([^.\[]+)(?:\[("(?:[^"\\]|\\.)*"|\d+)\])?(?:\.|$)')


@dataclass(frozen=True, kw_only=True)
class TerraformRunner:
    """A runner that Terraform manages."""

    address: str
    """The address of the resource, such as `module.eu.kubiya_runner.this["prod"]`."""
    path: tuple[str, ...]
    """The modules and the resource with their keys, such as `("eu", "this", "prod")`."""
    name: str
    """The runner's name in Kubiya."""


def runners_in(text: str, file: str) -> list[TerraformRunner]:
    """Return the runners in a state, in its order.

    Args:
        text: the state.
        file: the file, as the start of a sentence.

    Raises:
        ImportRefusedError: the text is not a state in one of the two forms, or it contains no
            runners, or a runner without a name.
    """
    state = _parse(text)
    if state is None:
        raise ImportRefusedError(
            f"{file} is not a state of Terraform: pass a terraform.tfstate of version 4, or the "
            "output of `terraform show -json`."
        )
    try:
        runners = list(_in_file(state) if "resources" in state else _in_output(state))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ImportRefusedError(
            f"{file} is a state of Terraform with a resource that cannot be read: pass the output "
            "of `terraform show -json`."
        ) from None
    if not runners:
        raise ImportRefusedError(
            f"{file} contains no resources {_RESOURCE}: pass the state of the configuration that "
            "declares the runners."
        )
    return runners


def resource_names(runners: Iterable[TerraformRunner]) -> dict[str, TerraformRunner]:
    """Return the runners by Pulumi's name for each: its path, joined with hyphens.

    Raises:
        ImportRefusedError: two resources manage the same runner.
    """
    named: dict[str, TerraformRunner] = {}
    seen: dict[str, TerraformRunner] = {}
    for runner in runners:
        if other := seen.get(runner.name):
            raise ImportRefusedError(
                f"the Terraform resources {join_quoted([other.address, runner.address])} have the "
                f"same runner {join_quoted([runner.name])}: remove one of them from the state "
                "with `terraform state rm`."
            )
        seen[runner.name] = runner
        base = name = "-".join(runner.path)
        number = 2
        while name in named:
            name, number = f"{base}-{number}", number + 1
        named[name] = runner
    return named


def _parse(text: str) -> dict[str, Any] | None:
    try:
        state = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(state, dict):
        return None
    is_file = state.get("version") == 4 and isinstance(state.get("resources"), list)
    is_output = "format_version" in state and "resources" not in state
    return state if is_file or is_output else None


def _in_file(state: Mapping[str, Any]) -> Iterator[TerraformRunner]:
    for resource in state["resources"]:
        if (resource["mode"], resource["type"]) != ("managed", _RESOURCE):
            continue
        module = resource.get("module", "")
        for instance in resource["instances"]:
            # A deposed object is what a replacement has not deleted yet.
            if "deposed" not in instance:
                key = instance.get("index_key")
                yield _runner(module, resource["name"], key, instance["attributes"])


def _in_output(state: Mapping[str, Any]) -> Iterator[TerraformRunner]:
    modules = [state.get("values", {}).get("root_module", {})]
    while modules:
        module = modules.pop(0)
        modules += module.get("child_modules", [])
        for resource in module.get("resources", []):
            is_runner = (resource["mode"], resource["type"]) == ("managed", _RESOURCE)
            if is_runner and "deposed_key" not in resource:
                yield _runner(
                    module.get("address", ""),
                    resource["name"],
                    resource.get("index"),
                    resource["values"],
                )


def _runner(
    module: str, resource: str, key: str | int | None, attributes: Mapping[str, Any]
) -> TerraformRunner:
    name = attributes["name"]
    if not isinstance(name, str) or not name:
        raise ValueError(name)
    suffix = "" if key is None else f"[{_literal(key)}]"
    prefix = f"{module}." if module else ""
    keys = [] if key is None else [str(key)]
    return TerraformRunner(
        address=f"{prefix}{_RESOURCE}.{resource}{suffix}",
        path=(*_modules(module), resource, *keys),
        name=name,
    )


def _modules(address: str) -> Iterator[str]:
    """Yield the names of the modules in an address, each followed by its key if it has one."""
    for match in _MODULE.finditer(address):
        yield match[1]
        if match[2] is not None:
            yield str(json.loads(match[2])).replace("$${", "${").replace("%%{", "%{")


def _literal(key: str | int) -> str:
    """Return a key as an address contains it. Terraform would replace `${…}` and `%{…}`."""
    text = json.dumps(key, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)
