"""The decisions about a runner's downloaded manifest: see `steps` for what each one means.

The manifest is a copy in the state: nothing is made at the API and nothing is deleted there.

A refresh reports a difference only between what it reads and the *inputs* in the state. So it
puts the hash of what it read among them, where the next one compares with it, and `keep` lets it
stay there when the program is run. The first refresh finds none yet: for its sake the outputs
say what the hash was before.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from kubiya_pulumi.api import RunnersApi, name_problem
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.look import unless_gone
from kubiya_pulumi.lifecycle.steps import Difference, Failure, Properties, State
from kubiya_pulumi.review import ManifestError, parse_manifest, review, sha256_of


def keep(old_inputs: Properties, inputs: Properties) -> dict[str, Any]:
    """The program's inputs, with the hash that a refresh put beside them for the same runner."""
    same = "sha256" in old_inputs and old_inputs.get("runner") == inputs.get("runner")
    return {**inputs, "sha256": old_inputs["sha256"]} if same else dict(inputs)


def check(inputs: Properties, unknown: Set[str]) -> tuple[dict[str, Any], list[Failure]]:
    """The runner's name must be one that a runner can have."""
    problem = None if "runner" in unknown else name_problem(inputs.get("runner"))
    return dict(inputs), [Failure("runner", problem)] if problem else []


def diff(outputs: Properties, inputs: Properties, unknown: Set[str]) -> Difference:
    """Another runner's manifest is another one; another text is what a refresh has to report."""
    another = "runner" in unknown or ("runner" in outputs and inputs["runner"] != outputs["runner"])
    sha256 = outputs.get("sha256")
    new_text = inputs.get("sha256", outputs.get("sha256_before", sha256)) != sha256
    return Difference(
        updates=("sha256",) if new_text else (), replaces=("runner",) if another else ()
    )


def create(client: RunnersApi, inputs: Properties) -> State:
    """Download the manifest and check that a cluster could be given it."""
    name = inputs["runner"]
    state = unless_gone(client, name, lambda: _downloaded(client, name))
    if state is None:
        raise RunnerGoneError(
            f'the manifest of runner "{name}" was not downloaded: there is no such runner. '
            "Create it with KubiyaRunner and pass runner.id, or correct the name."
        )
    return state


def read(client: RunnersApi, id_: str, outputs: Properties) -> State | None:
    """Download the manifest again, so that a refresh shows what changed upstream."""
    state = unless_gone(client, id_, lambda: _downloaded(client, id_))
    before = outputs.get("sha256")
    if state is None or before in (None, state.outputs["sha256"]):
        return state
    return replace(state, outputs={**state.outputs, "sha256_before": before})


def update(client: RunnersApi, id_: str, outputs: Properties, inputs: Properties) -> State:  # noqa: ARG001
    """No input of a manifest can be changed in place, so nothing calls for this."""
    return State(id_, dict(outputs))


def delete(client: RunnersApi, id_: str, outputs: Properties) -> None:
    """Forget the copy; there is nothing to delete at the API."""


def download(client: RunnersApi, name: str) -> tuple[str, str | None]:
    """Give the text of a runner's manifest, and the URL where it is offered, if any.

    The text comes with the manifest operation's answer, or from the URL in it.
    """
    answer = client.get_runner_manifest(name)
    text, url = answer.manifest_content, answer.manifest_url
    if text is None:
        text = client.download_manifest(url or "", runner=name)
    return text, url


def _downloaded(client: RunnersApi, name: str) -> State:
    text, url = download(client, name)
    try:
        objects = parse_manifest(text)
        found = review(objects)
    except ManifestError as error:
        raise ManifestError(
            f'the manifest of runner "{name}" {error}. Nothing was applied. Check kubiya:baseUrl '
            "(or KUBIYA_BASE_URL), and what the service gives for this runner."
        ) from None
    inputs = {"runner": name, "sha256": sha256_of(text)}
    outputs = {
        **inputs,
        "content": text,
        "url": url,
        "objects": [
            {
                "apiVersion": item.api_version,
                "kind": item.kind,
                "namespace": item.namespace,
                "name": item.name,
            }
            for item in objects
        ],
        "images": list(found.images),
        "review": found.to_dict(),
    }
    return State(name, {name: v for name, v in outputs.items() if v is not None}, inputs=inputs)
