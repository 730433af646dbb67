"""Any configuration and any resource properties are accepted or rejected with a sentence."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from hypothesis import example, given
from hypothesis import strategies as st
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.output import contains_unknowns
from pulumi.runtime import rpc

from kubiya_pulumi import config
from kubiya_pulumi.api import Clock, RunnersClient, SettingError, shared_client
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.lifecycle.held_names import HeldNames
from kubiya_pulumi.lifecycle.providers import (
    RunnerHealthProvider,
    RunnerManifestProvider,
    RunnerProvider,
)
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from tests.fuzz.conftest import KEY
from tests.fuzz.sentences import error_of, is_sentence
from tests.fuzz.strategies import ANY_TEXT, SCALARS, STATE_SCALARS, STATE_TEXT, URLS, json_values
from tests.harness.chaos import at_random, size

pytestmark = pytest.mark.slow

Record = Callable[[str, object], None]
PropertyMap = dict[str, Any]

SETTINGS = {
    config.API_KEY: st.just(KEY),
    config.BASE_URL: st.one_of(URLS, st.sampled_from(["https://api.kubiya.ai", ""])),
    config.TIMEOUT_SECONDS: st.sampled_from(
        ["30", "1e400", "-1", "0", "nan", "inf", "1_0", " 5 ", "0x10", "\u0663", "9" * 5000, "1,5"]
    ),
    config.MAX_RETRIES: st.sampled_from(
        ["4", "0", "20", "21", "4.0", "1e1", "-0", "+3", "9" * 5000, "\u0663", "true"]
    ),
    config.CA_BUNDLE: st.sampled_from(["", ".", "..", "/", "~", "\x00", "no/such/file", __file__]),
}
ANY_SETTING = st.one_of(SCALARS, ANY_TEXT, json_values(["a"], leaves=3))


def test_any_setting_is_accepted_or_rejected(record_property: Record) -> None:
    outcomes = Counter[str]()

    @at_random(size(400, per_run=200))
    @given(
        configured=st.fixed_dictionaries(
            {config.API_KEY: st.just(KEY)},
            optional={
                name: st.one_of(probable, probable, ANY_SETTING)
                for name, probable in SETTINGS.items()
                if name != config.API_KEY
            },
        ),
        key=st.one_of(st.none(), ANY_SETTING),
        environment=st.dictionaries(st.sampled_from(sorted(config.ENVIRONMENT.values())), ANY_TEXT),
    )
    @example({config.API_KEY: KEY}, None, {})
    @example({config.API_KEY: KEY, config.TIMEOUT_SECONDS: 10**400}, None, {})
    @example({config.API_KEY: KEY, config.MAX_RETRIES: float("inf")}, None, {})
    @example({config.API_KEY: KEY, config.MAX_RETRIES: "1e999999999999"}, None, {})
    def check(configured: dict[str, Any], key: object, environment: dict[str, str]) -> None:
        if key is not None:
            configured = {**configured, config.API_KEY: key}
        connections: list[Any] = []
        error = error_of(
            lambda: connections.append(config.read_connection(configured.get, environment))
        )
        if error:
            outcomes["rejected"] += 1
            assert isinstance(error, SettingError)
            assert error.setting in SETTINGS
            assert error.setting in str(error)
            assert KEY not in repr(error)
            return
        outcomes["accepted"] += 1
        assert KEY not in repr(connections)
        assert hash(connections[0]) == hash(config.read_connection(configured.get, environment))
        RunnersClient(connections[0]).close()

    check()
    assert outcomes["accepted"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


MANIFEST = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubiya-system}\n"
RUNNER = "runner-prod"
OTHER_RUNNER = "runner-of-another-owner"
RUNNER_NAMES = st.one_of(st.sampled_from([RUNNER, OTHER_RUNNER]), STATE_TEXT)
VALUES = json_values(["a", "runner"], scalars=STATE_SCALARS, leaves=4)
VALID_PROPERTIES: dict[type[ResourceProvider], dict[str, st.SearchStrategy[Any]]] = {
    RunnerProvider: {
        "name": RUNNER_NAMES,
        "description": STATE_TEXT,
        "adopt_existing": st.booleans(),
        "task_id": STATE_TEXT,
        "adopted": st.booleans(),
        "version": STATE_TEXT,
        "manifest_url": STATE_TEXT,
    },
    RunnerManifestProvider: {
        "runner": RUNNER_NAMES,
        "sha256": STATE_TEXT,
        "previous_sha256": STATE_TEXT,
        "rules": VALUES,
    },
    RunnerHealthProvider: {
        "runner": RUNNER_NAMES,
        "timeout_seconds": st.floats(0, 1e6),
        "required_checks": st.lists(
            st.sampled_from(["tool-manager", "agent_manager", "x"]), max_size=2
        ),
        "triggers": st.lists(VALUES, max_size=2),
        "checks": VALUES,
        "time": STATE_TEXT,
    },
}


def property_maps(
    provider: type[ResourceProvider], *invalid: st.SearchStrategy[Any]
) -> st.SearchStrategy[PropertyMap]:
    """Return a strategy for properties of a resource. A few are missing or invalid."""
    valid = VALID_PROPERTIES[provider]
    properties = {
        name: st.one_of(*[probable] * 8, VALUES, *invalid) for name, probable in valid.items()
    }
    return st.builds(
        lambda values, missing, others: received(
            {**others, **{name: value for name, value in values.items() if name not in missing}}
        ),
        st.fixed_dictionaries(properties),
        st.sets(st.sampled_from(sorted(valid)), max_size=2),
        st.dictionaries(STATE_TEXT, VALUES, max_size=1),
    )


def received(properties: PropertyMap) -> PropertyMap:
    """Return the properties as a plugin receives them."""
    sent = Struct()
    sent.update(properties)
    return dict(rpc.deserialize_properties(sent, keep_unknowns=True))


def is_sendable(properties: PropertyMap) -> bool:
    """Return whether a plugin can send the properties and receive them unchanged."""
    sent = asyncio.run(rpc.serialize_properties(properties, {}))
    expected = {name: value for name, value in properties.items() if value is not None}
    return bool(received(json_format.MessageToDict(sent)).keys() == expected.keys())


@pytest.fixture
def emulator(ports: set[int]) -> Iterator[Emulator]:
    with Emulator(fields_as="full", api_key=KEY) as running:
        ports.add(int(running.url.rpartition(":")[2]))
        yield running


def fast_clock() -> Clock:
    """Return a clock on which each sleep skips ten times the elapsed time."""
    seconds = [1.0]

    def sleep(_: float) -> None:
        seconds[0] *= 10

    return Clock(now=lambda: seconds[0], sleep=sleep)


@dataclass
class Lifecycle:
    """The calls of the engine for a resource: each succeeds or is rejected with a sentence."""

    provider: ResourceProvider
    outcomes: Counter[str]

    def run(self, olds: PropertyMap, news: PropertyMap, id_: str) -> None:
        if isinstance(self.provider, RunnerProvider):
            # Names are held for one command, which is one example here.
            self.provider.handler.names = HeldNames()
            self.provider.handler.names.enable()
        checked = self.provider.check(olds, news)
        assert all(is_sentence(failure.reason) for failure in checked.failures)
        assert {failure.property for failure in checked.failures} <= {
            *VALID_PROPERTIES[type(self.provider)]
        }
        if checked.failures:
            self.outcomes["check rejected"] += 1
            return
        inputs = checked.inputs
        assert is_sendable({k: v for k, v in inputs.items() if not contains_unknowns(v)})
        diff = self.provider.diff(id_, olds, inputs)
        if contains_unknowns(inputs):
            self.outcomes["preview"] += 1
            return
        if diff.changes is not False and not diff.replaces:
            self.step("update", lambda: self.provider.update(id_, olds, inputs))
        created = self.step("create", lambda: self.provider.create(inputs))
        if created:
            # The engine passes what the provider marked as a secret in plain text.
            stored = {name: rpc.unwrap_rpc_secret(value) for name, value in created.outs.items()}
            assert not self.provider.diff(created.id, stored, inputs).replaces
            self.step("read", lambda: self.provider.read(created.id, stored))
        self.step("read of an old state", lambda: self.provider.read(id_, olds))
        self.step("delete", lambda: self.provider.delete(id_, olds))

    def step(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call and return its result, or None if it is rejected."""
        results: list[Any] = []
        error = error_of(lambda: results.append(call()))
        self.outcomes[f"{name} rejected" if error else name] += 1
        if error:
            return None
        assert is_sendable(getattr(results[0], "outs", None) or {})
        return results[0]


def place_runners(emulator: Emulator, manifest: str | None) -> None:
    """Keep a runner of another owner, and add the program's runner if it has a manifest."""
    for name in emulator.runners.keys() - {OTHER_RUNNER}:
        emulator.remove_runner(name)
    if OTHER_RUNNER not in emulator.runners:
        emulator.add_runner(OTHER_RUNNER, managed_by="another-tool", task_id="theirs")
        emulator.set_manifest(OTHER_RUNNER, MANIFEST)
    if manifest is not None:
        emulator.add_runner(RUNNER)
        emulator.set_manifest(RUNNER, manifest)


@pytest.mark.parametrize("kind", VALID_PROPERTIES, ids=lambda kind: kind.__name__)
def test_any_properties_are_accepted_or_rejected(
    kind: type[ResourceProvider],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
) -> None:
    monkeypatch.setattr(RunnerHealthProvider, "handler", RunnerHealthHandler(fast_clock()))
    settings = {config.API_KEY: KEY, config.BASE_URL: emulator.url, config.MAX_RETRIES: "0"}
    name = next(iter(VALID_PROPERTIES[kind]))
    lifecycle = Lifecycle(kind(), Counter())
    lifecycle.provider.configure(ConfigureRequest(Config(settings, "project")))

    @at_random(size(100, per_run=50))
    @given(
        olds=property_maps(kind),
        news=property_maps(kind, st.just(rpc.UNKNOWN)),
        id_=RUNNER_NAMES,
        manifest=st.sampled_from([None, MANIFEST, MANIFEST, "", "<html>", "a: [", "\x00", "- a"]),
    )
    @example({}, received({name: rpc.UNKNOWN}), RUNNER, MANIFEST)
    @example({}, {}, RUNNER, MANIFEST)
    @example({}, {name: "runner-without-owner"}, RUNNER, MANIFEST)
    @example({}, {name: RUNNER}, RUNNER, MANIFEST)
    def check(olds: PropertyMap, news: PropertyMap, id_: str, manifest: str | None) -> None:
        place_runners(emulator, manifest)
        lifecycle.run(olds, news, id_)

    try:
        check()
    finally:
        shared_client(config.read_connection(settings.get, {})).close()
    for step in ("check rejected", "preview", "create", "create rejected", "read", "delete"):
        assert lifecycle.outcomes[step], step
    record_property("counts", dict(lifecycle.outcomes))
