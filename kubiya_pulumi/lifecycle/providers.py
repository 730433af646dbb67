"""The classes that `pulumi.dynamic` stores in the state and calls.

A stack keeps a reference to the class, not its code: this module's path and the names of the
classes are in the state of every stack, so **neither can change** without leaving the old name
importable. Instances are empty when they are stored; settings reach them by `configure`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ClassVar, ParamSpec, TypeVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import contains_unknowns

from kubiya_pulumi import config
from kubiya_pulumi.api import RunnersApi, SettingError, shared_client
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle import health, manifest, runner
from kubiya_pulumi.lifecycle.steps import Steps
from kubiya_pulumi.lifecycle.width import widen
from kubiya_pulumi.plaintext_key_warning import warn_of_plain_key

P = ParamSpec("P")
T = TypeVar("T")

Bag = dict[str, Any]
"""Properties as the engine passes them: with `__provider`, and in a preview with unknowns."""


@cache
def _show_log() -> None:
    """Print what the lifecycle logs: what a plugin prints, the engine shows to the user."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("kubiya_pulumi.lifecycle")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _one_sentence(method: Callable[P, T]) -> Callable[P, T]:
    """Let an error out without the frames and causes below it: the engine prints them all."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except KubiyaError as error:
            raise error.with_traceback(None) from None

    return call


class _Provider(ResourceProvider):
    """A thin adapter from the engine's calls to the plain functions in `steps`."""

    serialize_as_secret_always = False  # An empty instance holds no secret.
    steps: ClassVar[Steps]

    def __init__(self) -> None:
        # The program makes an instance for each resource; the plugin, which unpickles it, none.
        warn_of_plain_key()

    def configure(self, req: ConfigureRequest) -> None:
        self._configured = req.config.get
        _show_log()
        widen()

    def check(self, _olds: Bag, news: Bag) -> CheckResult:
        known, unknown = _split(news)
        inputs, failures = self.steps.check(known, unknown.keys())
        results = [CheckFailure(failure.property, failure.reason) for failure in failures]
        # A setting that is wrong is found here, in the preview, where it prints as one line.
        try:
            config.connection(self._configured)
        except SettingError as error:
            results.append(CheckFailure("", str(error)))
        return CheckResult({**inputs, **unknown}, results)

    def diff(self, _id: str, _olds: Bag, _news: Bag) -> DiffResult:
        state, _ = _split(_olds)
        known, unknown = _split(_news)
        found = self.steps.diff(state, known, unknown.keys())
        changed = bool(found.updates or found.replaces)
        return DiffResult(
            # None leaves it to the engine to name the changed inputs in its reports.
            changes=None if changed else False,
            replaces=list(found.replaces),
            delete_before_replace=found.delete_first,
        )

    @_one_sentence
    def create(self, props: Bag) -> CreateResult:
        made = self.steps.create(self._client(), _split(props)[0])
        return CreateResult(made.id, made.outputs)

    @_one_sentence
    def read(self, id_: str, props: Bag) -> ReadResult:
        found = self.steps.read(self._client(), id_, _split(props)[0])
        if found is None:
            return ReadResult("", {})
        return ReadResult(found.id, found.outputs, found.inputs)

    @_one_sentence
    def update(self, _id: str, _olds: Bag, _news: Bag) -> UpdateResult:
        olds, news = _split(_olds)[0], _split(_news)[0]
        return UpdateResult(self.steps.update(self._client(), _id, olds, news).outputs)

    @_one_sentence
    def delete(self, _id: str, _props: Bag) -> None:
        self.steps.delete(self._client(), _id, _split(_props)[0])

    def _client(self) -> RunnersApi:
        return shared_client(config.connection(self._configured))


class RunnerProvider(_Provider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:Runner`."""

    steps: ClassVar[Steps] = runner


class RunnerManifestProvider(_Provider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:RunnerManifest`."""

    steps: ClassVar[Steps] = manifest

    def check(self, _olds: Bag, news: Bag) -> CheckResult:
        """Also keep what a refresh put beside the program's inputs."""
        return super().check(_olds, manifest.keep(_olds, news))


class RunnerHealthProvider(_Provider):
    """The lifecycle of `pulumi-python:dynamic/kubiya:RunnerHealth`."""

    steps: ClassVar[Steps] = health


def _split(bag: Bag) -> tuple[Bag, Bag]:
    """The properties that are known, and those that a preview does not know yet."""
    known: Bag = {}
    unknown: Bag = {}
    for name, value in bag.items():
        if not name.startswith("__"):
            (unknown if contains_unknowns(value) else known)[name] = value
    return known, unknown
