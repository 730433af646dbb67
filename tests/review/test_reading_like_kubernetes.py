"""The review reads the objects that Kubernetes' own decoder reads, or refuses the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.review import ManifestError, parse_manifest, render_manifest
from kubiya_pulumi.review.kubernetes import yaml_nodes
from tests.harness.chaos import at_random, size
from tests.harness.kubernetes_yaml import KubernetesYaml, same_json
from tests.review.reading_cases import (
    DOCUMENTS,
    KEYS,
    REFUSED_BY_US,
    REFUSED_DOCUMENTS,
    REFUSED_SCALARS,
    SCALARS,
)
from tests.review.test_reading import read

pytestmark = pytest.mark.tools

Record = Callable[[str, object], None]

MANIFEST = "apiVersion: v1\nkind: X\nmetadata: {name: a}\n"

PLAIN = st.one_of(
    st.sampled_from([*SCALARS, *REFUSED_SCALARS, *KEYS]),
    st.text("0123456789abefxoB_.+-:eE nyTZ~=<*#?!&{}[],|>%@`'\"\\/\t", max_size=6),
    st.from_regex(r"\A[-+]?(0[xXoObB]?)?[0-9a-f_]{0,20}(\.[0-9_]{0,4})?([eE][-+]?[0-9]{1,3})?\Z"),
    st.text(max_size=4),
)
PROPERTY = st.sampled_from(["", "", "", "&a ", "&b ", "!!str ", "!x ", "! ", "!!int &a "])
SCALAR = st.builds("{}{}".format, PROPERTY, PLAIN)
FLOW = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(inner, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
KEY = st.one_of(
    st.sampled_from(
        ["a", "b", "<<", "<<", "!!merge <<", '"<<"', "? a\n", "*a", "&a k", "- a", "-"]
    ),
    PLAIN,
)
VALUE = st.one_of(
    FLOW, st.sampled_from(["*a", "*b", "&a {x: 1}", "[*a, *b]", "|\n  x\n", ">-\n  x\n\n  y\n"])
)
LINE = st.builds(
    "{}{}:{}{}{}".format,
    st.sampled_from(["", "", "", "  ", "    ", "- ", " "]),
    KEY,
    st.sampled_from([" ", " ", " ", "  ", "", "\t"]),
    VALUE,
    st.sampled_from(["", "", "", " # c", "#c", " "]),
)
MARK = st.sampled_from(
    [
        *("---", "---", "--- ", "--- # c", "---#c", "--- {a: b}", "--- |", "---a", "  ---", "----"),
        *("...", "... # c", "...x", "%YAML 1.1", "%TAG ! tag:x,2000:", "# c", "", "\ufeff---"),
        *("\ufeffa: b", "---\ufeff", "\x0c", "null", "{}", "[", "]", "{", "}", "? {}\n: 1"),
        *('{"a": 1}', '{"a": 1e400}', '{"a": "\\ud83d\\ude80"}', '{"a": "\\ud800"}', '{"a": 01}'),
        *('{"a": 1, "a": 2}{"b": null}', '{"a": "\\/"} ', '{"1": NaN}', "{a: b}{c: d}"),
    ]
)
MANIFESTS = st.one_of(
    st.builds("{}{}\n".format, st.sampled_from(["a: ", "- a: ", "a: [", "? ", "a: {"]), FLOW),
    st.builds(
        lambda start, lines, end: f"{start}{end.join(lines)}{end}",
        st.sampled_from(["", "", "", "---\n", "\ufeff", " ", "\n"]),
        st.lists(st.one_of(LINE, LINE, LINE, MARK), min_size=1, max_size=6),
        st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]),
    ),
)


@pytest.fixture(scope="module")
def kubernetes() -> Iterator[KubernetesYaml]:
    with KubernetesYaml() as process:
        yield process


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_objects_are_those_of_kubernetes(
    loader: str,
    kubernetes: KubernetesYaml,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
) -> None:
    monkeypatch.setattr(yaml_nodes, "SafeLoader", getattr(yaml, loader))
    outcomes = Counter[str]()

    @at_random(size(1_500, per_run=2_000))
    @given(text=MANIFESTS)
    def check(text: str) -> None:
        expected = kubernetes.decode(text)
        try:
            objects = read(text)
        except ManifestError:
            outcomes["refused by both" if expected is None else "refused by us"] += 1
            return
        assert same_json(objects, expected)
        outcomes["same objects"] += 1

    check()
    assert outcomes["same objects"] > sum(outcomes.values()) / 20
    assert outcomes["refused by us"] < sum(outcomes.values()) / 5
    record_property("counts", dict(outcomes))


def test_a_rendered_manifest_is_read_alike(
    kubernetes: KubernetesYaml, record_property: Record
) -> None:
    outcomes = Counter[str]()
    text = st.text(st.characters(exclude_categories=["Cs"]))
    values = st.recursive(
        st.one_of(st.none(), st.booleans(), text, st.floats(allow_nan=False, allow_infinity=False)),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(text, inner)),
        max_leaves=8,
    )

    @at_random(size(500, per_run=500))
    @given(value=values)
    def check(value: object) -> None:
        [item] = parse_manifest(MANIFEST)
        body = {**item.body, "value": value}
        rendered = render_manifest([replace(item, body=body), item])
        assert same_json(kubernetes.decode(rendered), [body, item.body])
        for parser in (yaml.SafeLoader, yaml.CSafeLoader):
            assert same_json(list(yaml.load_all(rendered, Loader=parser)), [body, item.body])
        outcomes["read"] += 1

    check()
    record_property("counts", dict(outcomes))


def test_the_cases_of_the_unit_tests_are_those_of_kubernetes(kubernetes: KubernetesYaml) -> None:
    for text, value in SCALARS.items():
        assert same_json(kubernetes.decode(f"a: {text}\n"), [{"a": value}]), text
    for text, key in KEYS.items():
        assert kubernetes.decode(f"? {text}\n: 1\n") == [{key: 1}], text
    for text, objects in DOCUMENTS.items():
        assert same_json(kubernetes.decode(text), objects), text
    for text in (*(f"a: {scalar}\n" for scalar in REFUSED_SCALARS), *REFUSED_DOCUMENTS):
        assert kubernetes.decode(text) is None, text
    for text, _ in REFUSED_BY_US:
        assert kubernetes.decode(text), text
