"""The entries of an import file: the resources with their whole state, as JSON.

The engine takes the state of a resource from the file if the file contains its outputs. It decrypts
nothing but what the stack itself has encrypted, so a secret can only be in plain text, or be left
out.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from kubiya_pulumi.dynamic.dynamic_provider import DynamicProvider
from kubiya_pulumi.dynamic.secret_values import plaintext_secret
from kubiya_pulumi.review import ObjectReference

Entry = dict[str, Any]
"""An element of `resources` in an import file."""

_serializing = threading.Lock()


@dataclass(frozen=True)
class EntryGroup:
    """The entries of a runner or of a part of it."""

    entries: Sequence[Entry]
    left_out: Sequence[ObjectReference] = ()
    """The objects of its manifest that have no entry."""


def resource_entry(
    provider: DynamicProvider,
    state: Any,
    *,
    name: str,
    parent: str | None = None,
    with_secrets: bool = False,
) -> Entry:
    """Return the entry of a resource of this package.

    Args:
        provider: the provider of the resource.
        state: its state, as the handler of the provider returns it.
        name: Pulumi's name for the resource.
        parent: the entry of its parent: the `name` there. None: the stack.
        with_secrets: whether the entry contains the secrets, in plain text.
    """
    declaration = provider.handler.declaration
    outputs = declaration.to_properties(state)
    for secret in declaration.secret_outputs & outputs.keys():
        if with_secrets:
            outputs[secret] = plaintext_secret(outputs[secret])
        else:
            del outputs[secret]
    with _serializing:
        stored = {PROVIDER_KEY: _serialized(type(provider))}
    entry = {
        "type": declaration.type_token,
        "name": name,
        "id": outputs[declaration.id_property],
        "inputs": {**declaration.inputs_in(state), **stored},
        "outputs": {**outputs, **stored},
    }
    return entry if parent is None else {**entry, "parent": parent}


@cache
def _serialized(provider_type: type[DynamicProvider]) -> str:
    """Return a provider as the state stores it.

    Pulumi replaces a class of `pickle` meanwhile, and changes a method of it with every call. So it
    is called once for each type, and by one thread at a time.
    """
    serialized: str = serialize_provider(provider_type())
    return serialized


def to_json(entries: Sequence[Entry]) -> str:
    """Return the text of an import file."""
    return json.dumps({"resources": list(entries)}, indent=2) + "\n"
