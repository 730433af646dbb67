"""Any stack configuration, and any properties of a resource: used, or refused in a sentence."""

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
from kubiya_pulumi.lifecycle import health
from kubiya_pulumi.lifecycle.providers import (
    RunnerHealthProvider,
    RunnerManifestProvider,
    RunnerProvider,
)
from tests.fuzz.conftest import KEY
from tests.fuzz.sentences import is_sentence, refusal
from tests.fuzz.strategies import ANY_TEXT, SCALARS, STATE_SCALARS, STATE_TEXT, URLS, json_values
from tests.harness.chaos import at_random, size

Record = Callable[[str, object], None]
Bag = dict[str, Any]

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


def test_any_setting_is_used_or_refused(record_property: Record) -> None:
    seen = Counter[str]()

    @at_random(size(400, each=200))
    @given(
        configured=st.fixed_dictionaries(
            {config.API_KEY: st.just(KEY)},
            optional={
                name: st.one_of(likely, likely, ANY_SETTING)
                for name, likely in SETTINGS.items()
                if name != config.API_KEY
            },
        ),
        key=st.one_of(st.none(), ANY_SETTING),
        environment=st.dictionaries(st.sampled_from(sorted(config.ENVIRONMENT.values())), ANY_TEXT),
    )
    @example({config.API_KEY: KEY}, None, {})
    @example({config.API_KEY: KEY, config.TIMEOUT_SECONDS: 10**400}, None, {})
    @example({config.API_KEY: KEY, config.MAX_RETRIES: float("inf")}, None, {})
    def check(configured: dict[str, Any], key: object, environment: dict[str, str]) -> None:
        if key is not None:
            configured = {**configured, config.API_KEY: key}
        made: list[Any] = []
        error = refusal(lambda: made.append(config.connection(configured.get, environment)))
        if error:
            seen["refused"] += 1
            assert isinstance(error, SettingError)
            assert error.setting in SETTINGS
            assert error.setting in str(error)
            assert KEY not in repr(error)
            return
        seen["used"] += 1
        assert KEY not in repr(made)
        assert hash(made[0]) == hash(config.connection(configured.get, environment))
        RunnersClient(made[0]).close()

    check()
    assert seen["used"]
    assert seen["refused"]
    record_property("counts", dict(seen))


MANIFEST = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubiya-system}\n"
RUNNER = "runner-prod"
SOMEBODYS = "runner-of-somebody"
NAMED = st.one_of(st.sampled_from([RUNNER, SOMEBODYS]), STATE_TEXT)
VALUES = json_values(["a", "runner"], scalars=STATE_SCALARS, leaves=4)
RIGHT: dict[type[ResourceProvider], dict[str, st.SearchStrategy[Any]]] = {
    RunnerProvider: {
        "name": NAMED,
        "description": STATE_TEXT,
        "adopt_existing": st.booleans(),
        "task_id": STATE_TEXT,
        "adopted": st.booleans(),
        "version": STATE_TEXT,
        "manifest_url": STATE_TEXT,
    },
    RunnerManifestProvider: {
        "runner": NAMED,
        "sha256": STATE_TEXT,
        "sha256_before": STATE_TEXT,
        "rules": VALUES,
    },
    RunnerHealthProvider: {
        "runner": NAMED,
        "timeout_seconds": st.floats(0, 1e6),
        "required_checks": st.lists(
            st.sampled_from(["tool-manager", "agent_manager", "x"]), max_size=2
        ),
        "triggers": st.lists(VALUES, max_size=2),
        "checks": VALUES,
        "time": STATE_TEXT,
    },
}


def bags(
    provider: type[ResourceProvider], *wrong: st.SearchStrategy[Any]
) -> st.SearchStrategy[Bag]:
    """Properties as they come from the engine: most are right, some are missing, or wrong."""
    right = RIGHT[provider]
    every = {name: st.one_of(*[likely] * 8, VALUES, *wrong) for name, likely in right.items()}
    return st.builds(
        lambda known, missing, others: received(
            {**others, **{name: value for name, value in known.items() if name not in missing}}
        ),
        st.fixed_dictionaries(every),
        st.sets(st.sampled_from(sorted(right)), max_size=2),
        st.dictionaries(STATE_TEXT, VALUES, max_size=1),
    )


def received(properties: Bag) -> Bag:
    """What a plugin makes of properties that come over its wire."""
    sent = Struct()
    sent.update(properties)
    return dict(rpc.deserialize_properties(sent, keep_unknowns=True))


def is_sendable(properties: Bag) -> bool:
    """Whether a plugin's answer can go over its wire, and come back as it was."""
    sent = asyncio.run(rpc.serialize_properties(properties, {}))
    given = {name: value for name, value in properties.items() if value is not None}
    return bool(received(json_format.MessageToDict(sent)).keys() == given.keys())


@pytest.fixture
def emulator(ports: set[int]) -> Iterator[Emulator]:
    with Emulator(fields_as="full", api_key=KEY) as running:
        ports.add(int(running.url.rpartition(":")[2]))
        yield running


def hurrying_clock() -> Clock:
    """Make a clock by which every wait is soon over."""
    seconds = [1.0]

    def sleep(_: float) -> None:
        seconds[0] *= 10

    return Clock(now=lambda: seconds[0], sleep=sleep)


@dataclass
class Life:
    """The life of a resource as the engine has it: each step done, or refused in a sentence."""

    provider: ResourceProvider
    seen: Counter[str]

    def live(self, olds: Bag, news: Bag, id_: str) -> None:
        checked = self.provider.check(olds, news)
        assert all(is_sentence(failure.reason) for failure in checked.failures)
        assert {failure.property for failure in checked.failures} <= {*RIGHT[type(self.provider)]}
        if checked.failures:
            self.seen["check refused"] += 1
            return
        inputs = checked.inputs
        assert is_sendable({k: v for k, v in inputs.items() if not contains_unknowns(v)})
        difference = self.provider.diff(id_, olds, inputs)
        if contains_unknowns(inputs):
            self.seen["preview"] += 1
            return
        if difference.changes is not False and not difference.replaces:
            self.step("update", lambda: self.provider.update(id_, olds, inputs))
        created = self.step("create", lambda: self.provider.create(inputs))
        if created:
            assert not self.provider.diff(created.id, created.outs, inputs).replaces
            self.step("read", lambda: self.provider.read(created.id, created.outs))
        self.step("read of an old state", lambda: self.provider.read(id_, olds))
        self.step("delete", lambda: self.provider.delete(id_, olds))

    def step(self, name: str, call: Callable[[], Any]) -> Any:
        """Take a step; None if it is refused."""
        done: list[Any] = []
        refused = refusal(lambda: done.append(call()))
        self.seen[f"{name} refused" if refused else name] += 1
        if refused:
            return None
        assert is_sendable(getattr(done[0], "outs", None) or {})
        return done[0]


def place_runners(emulator: Emulator, manifest: str | None) -> None:
    """Leave somebody's runner at the API, and one of the program's name if it has a manifest."""
    for name in emulator.runners.keys() - {SOMEBODYS}:
        emulator.remove_runner(name)
    if SOMEBODYS not in emulator.runners:
        emulator.add_runner(SOMEBODYS, managed_by="somebody", task_id="theirs")
        emulator.set_manifest(SOMEBODYS, MANIFEST)
    if manifest is not None:
        emulator.add_runner(RUNNER)
        emulator.set_manifest(RUNNER, manifest)


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.__name__)
def test_any_properties_are_used_or_refused(
    kind: type[ResourceProvider],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
) -> None:
    monkeypatch.setattr(health, "Clock", hurrying_clock)
    settings = {config.API_KEY: KEY, config.BASE_URL: emulator.url, config.MAX_RETRIES: "0"}
    name = next(iter(RIGHT[kind]))
    life = Life(kind(), Counter())
    life.provider.configure(ConfigureRequest(Config(settings, "project")))

    @at_random(size(100, each=50))
    @given(
        olds=bags(kind),
        news=bags(kind, st.just(rpc.UNKNOWN)),
        id_=NAMED,
        manifest=st.sampled_from([None, MANIFEST, MANIFEST, "", "<html>", "a: [", "\x00", "- a"]),
    )
    @example({}, received({name: rpc.UNKNOWN}), RUNNER, MANIFEST)
    @example({}, {}, RUNNER, MANIFEST)
    @example({}, {name: "runner-of-nobody"}, RUNNER, MANIFEST)
    @example({}, {name: RUNNER}, RUNNER, MANIFEST)
    def check(olds: Bag, news: Bag, id_: str, manifest: str | None) -> None:
        place_runners(emulator, manifest)
        life.live(olds, news, id_)

    try:
        check()
    finally:
        shared_client(config.connection(settings.get, {})).close()
    for step in ("check refused", "preview", "create", "create refused", "read", "delete"):
        assert life.seen[step], step
    record_property("counts", dict(life.seen))
