"""A warning about an API key that is not encrypted in the stack's settings."""

from __future__ import annotations

from weakref import WeakSet

import pulumi
from pulumi.runtime import get_config, get_root_resource, is_config_secret
from pulumi.runtime.settings import get_monitor

from kubiya_pulumi.config import API_KEY

WARNING = (
    "kubiya:apiKey is in plain text in the stack's settings file, or in Pulumi.yaml, and in the "
    "state. Remove it from Pulumi.yaml if it is there, encrypt it with `pulumi config set --secret "
    "kubiya:apiKey`, and run `pulumi up`. If others can read those files, or older versions of "
    "them, replace the key."
)

_warned: WeakSet[pulumi.Resource] = WeakSet()
"""The stacks whose programs have been warned: one process can run several programs."""


def warn_about_plaintext_key() -> None:
    """Warn, once in each run of a program, if `kubiya:apiKey` was set without `--secret`.

    Outside a program and under mocks, which use no key, this does nothing.
    """
    stack = get_root_resource()
    if stack is None or stack in _warned or hasattr(get_monitor(), "mocks"):
        return
    if get_config(API_KEY) and not is_config_secret(API_KEY):
        _warned.add(stack)
        pulumi.log.warn(WARNING, stack)
