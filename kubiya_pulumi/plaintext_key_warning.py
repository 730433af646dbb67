"""A warning about an API key that stands in plain text in the stack's settings."""

from __future__ import annotations

from weakref import WeakSet

import pulumi
from pulumi.runtime import get_config, get_root_resource, is_config_secret
from pulumi.runtime.settings import get_monitor

from kubiya_pulumi.config import API_KEY

WARNING = (
    "kubiya:apiKey is in plain text in the stack's settings file and in its state. Encrypt it "
    "with `pulumi config set --secret kubiya:apiKey` and run `pulumi up`; where others can read "
    "those, or older versions of them, have a new key made."
)

_warned: WeakSet[pulumi.Resource] = WeakSet()
"""The stacks whose programs were warned: one process can run several programs."""


def warn_of_plain_key() -> None:
    """Warn, once in each run of a program, if `kubiya:apiKey` was set without `--secret`.

    It does nothing outside a program, and under mocks, where no key plays a part.
    """
    stack = get_root_resource()
    if stack is None or stack in _warned or hasattr(get_monitor(), "mocks"):
        return
    if get_config(API_KEY) and not is_config_secret(API_KEY):
        _warned.add(stack)
        pulumi.log.warn(WARNING, stack)
