"""The service that is imitated: its runners and switches, its health and what it has seen."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from kubiya_pulumi.emulator.cluster import Cluster
from kubiya_pulumi.emulator.errors import EmulatorError, RefusedRequest
from kubiya_pulumi.emulator.faults import Faults
from kubiya_pulumi.emulator.health import Health, health_of
from kubiya_pulumi.emulator.manifest import deployments_in, file_name, manifest_text
from kubiya_pulumi.emulator.models import Call, HealthOverride, Runner
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.store import Store

__all__ = ["Service"]

_NAMESPACE: Final = "kubiya-system"
_CALLS_KEPT: Final = 100_000


class Service:
    """Everything that an emulator keeps. Safe to use from several threads.

    Args:
        switches: how it answers.
        state: the state file, or None to keep the runners in memory.
        follow_cluster: the kubeconfig of the cluster that decides on the health, or None.

    Raises:
        StateFileError: the state file cannot be used.
        ClusterError: the kubeconfig cannot be used.
    """

    def __init__(
        self,
        switches: EmulatorOptions,
        state: Path | None = None,
        follow_cluster: Path | None = None,
    ) -> None:
        self.initial_switches: Final = switches
        self.switches = switches
        self.faults: Final = Faults()
        self.key: Final = secrets.token_urlsafe(24)
        self._calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self._calls_lock = threading.Lock()
        self._cluster = None if follow_cluster is None else Cluster(follow_cluster)
        self.store: Final = Store(state)

    def close(self) -> None:
        """Ends the use of the state file and of the cluster."""
        self.store.close()
        if self._cluster is not None:
            self._cluster.close()

    def create(
        self,
        name: str,
        *,
        namespace: str | None = None,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
    ) -> tuple[Runner, bool]:
        """The runner of that name, and whether it is new. One that is there stays as it is.

        A new runner without a namespace is in `kubiya-system` while no other runner is, and in
        `kubiya-system-<name>` otherwise: so any two manifests can be applied to one cluster.
        """
        with self.store.exclusive():
            present = self.store.get(name)
            if present is not None:
                return present, False
            new_file = file_name(name)
            if namespace is None:
                label = new_file.rpartition("-")[0]
                taken = self.store.holds_namespace(_NAMESPACE)
                namespace = f"{_NAMESPACE}-{label}" if taken else _NAMESPACE
            text = manifest_text(name, namespace)
            runner = Runner(
                name=name,
                namespace=namespace,
                created_at=time.time(),
                manifest_file=new_file,
                manifest=text,
                deployments=deployments_in(text),
                description=description,
                managed_by=managed_by,
                task_id=task_id,
            )
            self.store.save(runner)
            return runner, True

    def add(self, name: str, **values: str | None) -> Runner:
        """A new runner, as if somebody else had made it; the values are those of `create`.

        Raises:
            EmulatorError: there is one of that name, or no runner can have it.
        """
        if not name or "/" in name:
            raise EmulatorError(f'A runner\'s name is not empty and holds no "/": {name!r}.')
        runner, is_new = self.create(name, **values)
        if not is_new:
            raise EmulatorError(f"There is a runner {name!r} already.")
        return runner

    def runner(self, name: str) -> Runner:
        """The runner of that name.

        Raises:
            RefusedRequest: 404, there is none.
        """
        found = self.store.get(name)
        if found is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "Runner not found")
        return found

    def set_description(self, name: str, description: str) -> Runner:
        """Replaces the description; see `runner` for the error."""
        return self._change(name, description=description)

    def set_manifest(self, name: str, text: str) -> Runner:
        """Replaces the text of the manifest, as an upgrade of the service would."""
        return self._change(name, manifest=text, deployments=deployments_in(text))

    def set_health(self, name: str, health: HealthOverride | None) -> Runner:
        """Sets the health; None lets it follow from time or the cluster again."""
        return self._change(name, health=health)

    def _change(self, name: str, **changes: Any) -> Runner:
        with self.store.exclusive():
            changed = replace(self.runner(name), **changes)
            self.store.save(changed)
            return changed

    def given_out(self, runner: Runner) -> str:
        """The manifest's text as it is given out this time."""
        if self.switches.download == "stable":
            return runner.manifest
        return f"# given out as {secrets.token_hex(8)}\n{runner.manifest}"

    def with_health(self, runners: Iterable[Runner]) -> list[tuple[Runner, Health]]:
        """Each runner with its health now."""
        listed, now = list(runners), time.time()
        in_cluster = None
        if self._cluster is not None:
            followed = (each for each in listed if each.health is None)
            names = {name for each in followed for name in each.deployments}
            in_cluster = self._cluster.problems(names)
        after = self.switches.healthy_after_seconds
        return [
            (each, health_of(each, now=now, healthy_after_seconds=after, in_cluster=in_cluster))
            for each in listed
        ]

    def record(self, call: Call) -> None:
        """Adds a call to those seen; its status may still be set."""
        with self._calls_lock:
            self._calls.append(call)

    def calls(self) -> list[Call]:
        """Copies of the calls seen, in the order of their arrival."""
        with self._calls_lock:
            return [replace(each) for each in self._calls]

    def clear_calls(self) -> None:
        """Empties the list of calls."""
        with self._calls_lock:
            self._calls.clear()

    def authorize(self, header: str | None) -> None:
        """Checks an Authorization header.

        Raises:
            RefusedRequest: 401 for a missing or wrong key, 403 for a forbidden one.
        """
        scheme, _, key = (header or "").strip().partition(" ")
        key, switches = key.strip(), self.switches
        if scheme == "UserKey" and key in switches.forbidden_keys:
            raise RefusedRequest(HTTPStatus.FORBIDDEN, "The API key doesn't have the permission")
        accepted = key == switches.api_key if switches.api_key is not None else bool(key)
        if scheme != "UserKey" or not accepted:
            raise RefusedRequest(
                HTTPStatus.UNAUTHORIZED,
                "The API key is missing or invalid",
                {"WWW-Authenticate": "UserKey"},
            )
