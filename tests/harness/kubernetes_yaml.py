"""The objects that Kubernetes' own decoder reads from a manifest."""

from __future__ import annotations

import json
import subprocess
from types import TracebackType
from typing import Any, Self

from tests.harness.toolchain import tool


class KubernetesYaml:
    """A process that decodes manifests as Pulumi's Kubernetes provider does."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [tool("kubernetes-yaml")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=10)

    def decode(self, text: str) -> list[dict[str, Any]] | None:
        """Return the objects of a manifest that are not empty; None if it is refused."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        objects: list[dict[str, Any]] | None = json.loads(self._process.stdout.readline())[
            "objects"
        ]
        return objects


def same_json(first: object, second: object) -> bool:
    """Return whether two values are the same JSON. Numbers are equal in 64-bit floats."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            same_json(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same_json, first, second))
    if _is_number(first) and _is_number(second):
        return float(first) == float(second)  # type: ignore[arg-type]
    return type(first) is type(second) and first == second


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
