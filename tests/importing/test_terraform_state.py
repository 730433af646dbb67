"""The runners in the states of Terraform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.importing.terraform import TerraformRunner, resource_names, runners_in

STATES = Path(__file__).parent / "states"
RUNNERS = {
    "main": ("runner-main", "kubiya_runner.main"),
    "odd-${x}": ("odd-dollar", 'kubiya_runner.odd["$${x}"]'),
    "odd-%{y}": ("odd-percent", 'kubiya_runner.odd["%%{y}"]'),
    "odd-back\\slash": ("odd-slash", 'kubiya_runner.odd["back\\\\slash"]'),
    "odd-ü 😀": ("odd-unicode", 'kubiya_runner.odd["ü 😀"]'),
    'odd-${x}."]-node-0': ("module-odd-0", 'module.odd["$${x}.\\"]"].kubiya_runner.node[0]'),
    'odd-${x}."]-node-1': ("module-odd-1", 'module.odd["$${x}.\\"]"].kubiya_runner.node[1]'),
    "pool-0-node-0": ("pool-0", "module.pool[0].kubiya_runner.node[0]"),
    "pool-0-node-1": ("pool-1", "module.pool[0].kubiya_runner.node[1]"),
    'region-eu-west-runners-this-a.b "c"': (
        "eu-quoted",
        'module.region["eu-west"].module.runners.kubiya_runner.this["a.b \\"c\\""]',
    ),
    "region-eu-west-runners-this-blue": (
        "eu-blue",
        'module.region["eu-west"].module.runners.kubiya_runner.this["blue"]',
    ),
}
"""Each runner of the states, with its address, by Pulumi's name for it."""


@pytest.mark.parametrize("file", ["terraform.tfstate", "show.json"])
def test_both_forms_of_a_state_contain_the_same_runners(file: str) -> None:
    named = resource_names(runners_in((STATES / file).read_text(), f"the file {file}"))
    assert {name: (runner.name, runner.address) for name, runner in named.items()} == RUNNERS


def test_a_state_may_begin_with_a_byte_order_mark() -> None:
    """PowerShell writes one."""
    text = (STATES / "show.json").read_text()
    assert runners_in(f"\ufeff{text}", "the file x") == runners_in(text, "the file x")


def test_the_addresses_are_those_that_terraform_prints() -> None:
    """Otherwise `terraform state rm` fails, and the next destroy deletes the runners."""
    shown = (STATES / "show.json").read_text()
    for _, address in RUNNERS.values():
        assert f'"address":{json.dumps(address, ensure_ascii=False)}' in shown


def test_an_address_contains_no_character_that_is_not_printable() -> None:
    instance = {"index_key": "\n\u202e\U000e0001", "attributes": {"name": "runner-prod"}}
    resource = {"mode": "managed", "type": "kubiya_runner", "name": "a", "instances": [instance]}
    [runner] = runners_in(json.dumps({"version": 4, "resources": [resource]}), "the file x")
    assert runner.address == r'kubiya_runner.a["\n\U0000202e\U000e0001"]'


def test_only_managed_runners_are_taken() -> None:
    instance = {"attributes": {"name": "runner-prod"}}
    read = {"mode": "data", "type": "kubiya_runner", "name": "read", "instances": [instance]}
    agent = {"mode": "managed", "type": "kubiya_agent", "name": "helper", "instances": [instance]}
    state = {"version": 4, "resources": [read, agent, {**read, "mode": "managed"}]}
    assert [runner.address for runner in runners_in(json.dumps(state), "the file x")] == [
        "kubiya_runner.read"
    ]


def test_equal_paths_become_different_names() -> None:
    runners = [
        TerraformRunner(address="module.a.kubiya_runner.b-c", path=("a", "b-c"), name="one"),
        TerraformRunner(address="module.a-b.kubiya_runner.c", path=("a-b", "c"), name="two"),
    ]
    assert list(resource_names(runners)) == ["a-b-c", "a-b-c-2"]


def test_two_resources_of_one_runner_are_refused() -> None:
    runners = [
        TerraformRunner(address=f"kubiya_runner.{name}", path=(name,), name="same")
        for name in ("first", "second")
    ]
    with pytest.raises(ImportRefusedError, match=r'"kubiya_runner.first", "kubiya_runner.second"'):
        resource_names(runners)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not json", "is not a state of Terraform"),
        ("[]", "is not a state of Terraform"),
        ("[" * 100_000, "is not a state of Terraform"),
        ('{"version": 3, "modules": []}', "is not a state of Terraform"),
        ('{"version": 4, "resources": []}', "contains no resources kubiya_runner"),
        ('{"format_version": "1.0"}', "contains no resources kubiya_runner"),
        ('{"version": 4, "resources": [1]}', "cannot be read"),
        (
            '{"version": 4, "resources": [{"mode": "managed", "type": "kubiya_runner",'
            ' "name": "a", "instances": [{"attributes": {"name": null}}]}]}',
            "cannot be read",
        ),
    ],
)
def test_what_is_not_a_state_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        runners_in(text, "the file x")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
