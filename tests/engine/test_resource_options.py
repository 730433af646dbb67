"""Options and values that Pulumi ignores or fails on: they work, or the error is one sentence."""

from __future__ import annotations

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.sentences import problems, program_errors
from tests.engine.states import RUNNER

pytestmark = pytest.mark.engine

IMPORTS = """
import datetime
import pulumi
from kubiya_pulumi import (
    KubiyaProvider, KubiyaRunner, ManifestPolicy, RunnerHealth, RunnerManifest, Waiver,
)
from kubiya_pulumi.runner_deployment import RunnerDeployment

Options = pulumi.ResourceOptions
"""
NO_IMPORT = (
    "Pulumi cannot import a dynamic resource of Python by its id. Remove the option import_."
)
ANY_KIND = "a string, a number, true or false, a list or a mapping"
KINDS = f"must be {ANY_KIND}"
CONVERT = f"which Pulumi cannot store; convert it to {ANY_KIND}"
MAPPINGS = (
    "the option env_var_mappings works only for a provider. Set it in the options of the provider, "
    "and pass that with the option provider."
)
REFUSED = [
    (
        'KubiyaRunner("r", opts=Options(import_="r"))',
        f'KubiyaRunner "r": {NO_IMPORT} Set adopt_existing=True, or import the file that '
        "`kubiya-pulumi import` writes with `pulumi import --file`.",
    ),
    (
        'RunnerManifest("m", runner="r", opts=Options(import_="r"))',
        f'RunnerManifest "m": {NO_IMPORT} `pulumi up` downloads the manifest of an existing '
        "runner.",
    ),
    (
        'KubiyaRunner("r", opts=Options(env_var_mappings={"KEY": "KUBIYA_API_KEY"}))',
        f'KubiyaRunner "r": {MAPPINGS}',
    ),
    (
        'RunnerDeployment("d", opts=Options(env_var_mappings={"KEY": "KUBIYA_API_KEY"}))',
        f'RunnerDeployment "d": {MAPPINGS}',
    ),
    (
        'RunnerHealth("h", runner="r", triggers=[1, {"at": datetime.date(2020, 1, 1)}])',
        f'RunnerHealth "h": triggers[1].at is of type date, {CONVERT}.',
    ),
    (
        'RunnerHealth("h", runner="r", triggers={"a", "b"})',
        f'RunnerHealth "h": triggers is of type set, {CONVERT}.',
    ),
    (
        'RunnerHealth("h", runner="r", triggers=[{1: "a"}])',
        'RunnerHealth "h": triggers[0] has the key 1, which Pulumi cannot store; convert it to a '
        "string.",
    ),
    (
        'ManifestPolicy(deny=["full-acess"])',
        'ManifestPolicy.deny names an unknown rule "full-acess"; did you mean "full-access"?',
    ),
]


EACH = """
for statement in {statements}:
    try:
        exec(statement)
    except pulumi.RunError as error:
        # What Pulumi does with such an error.
        pulumi.log.error(str(error))
"""


def test_what_cannot_work_ends_the_program_with_one_sentence(stack: MakeStack) -> None:
    statements = [statement for statement, _ in REFUSED]
    dev = stack(IMPORTS + EACH.format(statements=statements))
    failed = dev.preview(check=False)
    assert program_errors(failed) == {sentence for _, sentence in REFUSED}
    assert "Traceback" not in failed.text
    # Without the loop it is the same.
    statement, sentence = REFUSED[-1]
    dev.rewrite(IMPORTS + statement)
    failed = dev.preview(check=False)
    assert failed.returncode
    assert program_errors(failed) == {sentence, "an unhandled error occurred: program exited"}
    assert "Traceback" not in failed.text


def test_triggers_that_the_state_cannot_hold_are_refused_in_the_preview(stack: MakeStack) -> None:
    """The engine could never delete a resource with an asset in its state."""
    health = 'RunnerHealth("h", runner=["r"], triggers={})'
    dev = stack("")
    for triggers, reason in (
        ('[{"a": [pulumi.StringAsset("x")]}]', f"triggers[0].a[0] {KINDS}, not StringAsset"),
        ('"abc"', "must be a list, not str"),
    ):
        dev.rewrite(IMPORTS + health.format(triggers))
        failed = dev.preview(check=False)
        assert failed.returncode
        assert problems(failed) == {"triggers": reason, "runner": "must be a string, not list"}


PROVIDERS = (
    IMPORTS
    + """
from kubiya_pulumi import get_runners, get_runners_output

url = pulumi.Config("kubiya").require("baseUrl")
renamed = {"KEY": "KUBIYA_API_KEY"}
other = KubiyaProvider("other", base_url=url, opts=Options(env_var_mappings=renamed))
providers = {"kubiya": other}
KubiyaRunner("direct", opts=Options(providers=providers))


class Team(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("acme:index:Team", name, None, opts)
        KubiyaRunner("inherited", opts=Options(parent=self))
        self.count = len(get_runners(opts=pulumi.InvokeOptions(parent=self)))


pulumi.export("count", Team("team", Options(providers=providers)).count)
"""
)


def test_a_provider_named_kubiya_and_its_environment_apply(
    emulator: Emulator, bare_stack: MakeStack
) -> None:
    """The stack has no key, so whatever ignored the provider would fail."""
    emulator.add_runner("existing")
    config = {"kubiya:baseUrl": emulator.url}
    dev = bare_stack(PROVIDERS, config=config, env={"KEY": emulator.api_key})
    up = dev.up("--skip-preview")
    assert "disagrees" not in up.text
    assert {"direct", "inherited"} <= emulator.runners.keys()
    assert dev.outputs() == {"count": 1}
    assert all("::other::" in runner["provider"] for runner in dev.resources(RUNNER))
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")
    assert list(emulator.runners) == ["existing"]
