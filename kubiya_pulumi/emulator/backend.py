"""The emulated service: its runners, their health, its options and the calls that it received."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubiya_pulumi.emulator.cluster_health import Cluster, Health, runner_health
from kubiya_pulumi.emulator.errors import EmulatorError, RequestError
from kubiya_pulumi.emulator.faults import Faults
from kubiya_pulumi.emulator.manifest import (
    PAUSE_IMAGE,
    deployments_in,
    deployments_of,
    dns_label,
    manifest_file_name,
    manifest_text,
)
from kubiya_pulumi.emulator.models import Call, HealthOverride, Runner
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.store import Store

NAMESPACE = "kubiya-system"
MAX_CALLS = 100_000


class Backend:
    """The state of an emulator. Thread-safe.

    Options, faults and calls can be used at any time, the runners between `open` and `close`.

    Args:
        options: the initial options.
        state: the state file. Default: None, the runners are kept in memory.
        follow_cluster: the kubeconfig of the cluster that determines the health. Default: None.
    """

    def __init__(
        self,
        options: EmulatorOptions,
        state: Path | None = None,
        follow_cluster: Path | None = None,
    ) -> None:
        self.initial_options = options
        self.options = options
        self.faults: Faults = Faults()
        self.key: str = secrets.token_urlsafe(24)
        self._calls: deque[Call] = deque(maxlen=MAX_CALLS)
        self._calls_lock = threading.Lock()
        self._state = state
        self._kubeconfig = follow_cluster
        self._cluster: Cluster | None = None
        self._store: Store | None = None
        self._runners_in_memory: tuple[Runner, ...] = ()

    def open(self) -> None:
        """Open the state file and the kubeconfig.

        Raises:
            StateFileError: the state file cannot be used.
            ClusterError: the kubeconfig cannot be used.
        """
        with ExitStack() as opened:
            cluster = None if self._kubeconfig is None else Cluster(self._kubeconfig)
            if cluster is not None:
                opened.callback(cluster.close)
            store = Store(self._state)
            opened.pop_all()
        for runner in self._runners_in_memory:
            store.save(runner)
        self._cluster, self._store = cluster, store

    def close(self) -> None:
        """Close the state file and the connections to the cluster. Runners in memory are kept."""
        cluster, store = self._cluster, self.store
        self._cluster = self._store = None
        if self._state is None:
            self._runners_in_memory = store.all()
        store.close()
        if cluster is not None:
            cluster.close()

    @property
    def store(self) -> Store:
        """The store of the runners.

        Raises:
            EmulatorError: the emulator is not running.
        """
        if self._store is None:
            raise EmulatorError(
                "The emulator is not running; call start() first, or use a with block."
            )
        return self._store

    def create(
        self,
        name: str,
        *,
        namespace: str | None = None,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
    ) -> tuple[Runner, bool]:
        """Create a runner, unless one with this name exists; an existing one stays unchanged.

        Args:
            name: the runner's name.
            namespace: the namespace of its objects. Default: `kubiya-system` if no other runner
                uses it or `manifest_objects` is `shared`; otherwise `kubiya-system-<name>`.
            description: its description. Default: None.
            managed_by: the tool that owns it. Default: None.
            task_id: the owner's task that created it. Default: None.

        Returns:
            The runner, and whether it is new.
        """
        with self.store.exclusive():
            existing = self.store.get(name)
            if existing is not None:
                return existing, False
            shared = self.options.manifest_objects == "shared"
            if namespace is None:
                is_free = shared or not self.store.has_namespace(NAMESPACE)
                namespace = NAMESPACE if is_free else f"{NAMESPACE}-{dns_label(name)}"
            image = PAUSE_IMAGE if self.options.images == "pause" else None
            runner = Runner(
                name=name,
                namespace=namespace,
                created_at=time.time(),
                manifest_file=manifest_file_name(name),
                manifest=manifest_text(name, namespace, shared=shared, image=image),
                deployments=deployments_of(namespace),
                description=description,
                managed_by=managed_by,
                task_id=task_id,
            )
            self.store.save(runner)
            return runner, True

    def add(self, name: str, **values: str | None) -> Runner:
        """Add a runner that another client created.

        Args:
            name: the runner's name.
            **values: the keyword arguments of `create`.

        Raises:
            EmulatorError: a runner with this name exists, or the name is invalid.
        """
        if not name or "/" in name:
            raise EmulatorError(
                f'A runner\'s name must be non-empty and without "/", not {name!r}.'
            )
        runner, is_new = self.create(name, **values)
        if not is_new:
            raise EmulatorError(f"The runner {name!r} already exists.")
        return runner

    def runner(self, name: str) -> Runner:
        """Return the runner with this name.

        Raises:
            RequestError: 404, the runner does not exist.
        """
        runner = self.store.get(name)
        if runner is None:
            raise RequestError(HTTPStatus.NOT_FOUND, "Runner not found")
        return runner

    def set_description(self, name: str, description: str) -> Runner:
        """Replace a runner's description.

        Raises:
            RequestError: 404, the runner does not exist.
        """
        return self._update(name, description=description)

    def set_manifest(self, name: str, text: str) -> Runner:
        """Replace the text of a runner's manifest, as an upgrade of the service would.

        Raises:
            RequestError: 404, the runner does not exist.
        """
        return self._update(name, manifest=text, deployments=deployments_in(text))

    def set_health(self, name: str, health: HealthOverride | None) -> Runner:
        """Set a runner's health; None makes it follow from the age or the cluster.

        Raises:
            RequestError: 404, the runner does not exist.
        """
        return self._update(name, health=health)

    def _update(self, name: str, **changes: Any) -> Runner:
        with self.store.exclusive():
            runner = replace(self.runner(name), **changes)
            self.store.save(runner)
            return runner

    def manifest_response_text(self, runner: Runner) -> str:
        """Return the text of a runner's manifest for one response."""
        if self.options.download == "stable":
            return runner.manifest
        return f"# response {secrets.token_hex(8)}\n{runner.manifest}"

    def with_health(self, runners: Iterable[Runner]) -> list[tuple[Runner, Health]]:
        """Return each runner with its current health."""
        listed, now = list(runners), time.time()
        in_cluster = None
        if self._cluster is not None:
            followed = (runner for runner in listed if runner.health is None)
            in_cluster = self._cluster.problems(
                {deployment for runner in followed for deployment in runner.deployments}
            )
        after = self.options.healthy_after_seconds
        return [
            (
                runner,
                runner_health(runner, now=now, healthy_after_seconds=after, in_cluster=in_cluster),
            )
            for runner in listed
        ]

    def record(self, call: Call) -> None:
        """Record a call. Its status may still change."""
        with self._calls_lock:
            self._calls.append(call)

    def calls(self) -> list[Call]:
        """Return copies of the recorded calls, in the order of their arrival."""
        with self._calls_lock:
            return [replace(call) for call in self._calls]

    def clear_calls(self) -> None:
        """Forget the recorded calls."""
        with self._calls_lock:
            self._calls.clear()

    def authorize(self, header: str | None) -> None:
        """Check an `Authorization` header.

        Raises:
            RequestError: 401, the key is missing or wrong; 403, the key lacks the permission.
        """
        scheme, _, key = (header or "").strip().partition(" ")
        key, options = key.strip(), self.options
        if scheme == "UserKey" and key in options.forbidden_keys:
            raise RequestError(HTTPStatus.FORBIDDEN, "The API key does not have the permission")
        is_accepted = key == options.api_key if options.api_key is not None else bool(key)
        if scheme != "UserKey" or not is_accepted:
            raise RequestError(
                HTTPStatus.UNAUTHORIZED,
                "The API key is missing or invalid",
                {"WWW-Authenticate": "UserKey"},
            )
