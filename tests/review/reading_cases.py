"""Manifests that YAML parsers read differently, with what Kubernetes reads."""

from __future__ import annotations

from typing import Any

SCALARS: dict[str, Any] = {
    **dict.fromkeys(
        ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], True
    ),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL", "!!null ''"], None),
    **{text: text for text in ("yEs", "nUll", "tRUE", "o", "f", "=", "=~", "~x", "<<")},
    # Numbers
    "0": 0,
    "12": 12,
    "+12": 12,
    "-12": -12,
    "1_000": 1000,
    "1__2_": 12,
    "-_1": -1,
    "017": 15,
    "0o17": 15,
    "0O17": 15,
    "0x1f": 31,
    "0X1F": 31,
    "0b11": 3,
    "0B11": 3,
    "0b+1010": 10,
    "0b-1": -1,
    "0b_+1": 1,
    "-0b+1": "-0b+1",
    "0B+1": "0B+1",
    "0b+": "0b+",
    "-0x10": -16,
    "+0b11": 3,
    "-0o7": -7,
    "0_17": 15,
    "08": 8,
    "080": 80,
    "08080": 8080,
    "09.5": 9.5,
    "-08": -8,
    "0_8": 8,
    "1.": 1,
    "1.5": 1.5,
    ".5": 0.5,
    "-.5": -0.5,
    "+.5": 0.5,
    "1e3": 1000,
    "1.e-1": 0.1,
    "1E+3": 1000,
    "1e-400": 0,
    "00.5": 0.5,
    "1_0.5": 10.5,
    "9223372036854775807": 2.0**63,
    "18446744073709551615": 2.0**64,
    "9" * 30: 1e30,
    "0x8000000000000000": 2.0**63,
    "-9223372036854775809": -(2.0**63),
    "9007199254740993": 2.0**53,
    "0" * 30 + "7": 7,
    "-0": 0,
    "-0.0": 0,
    # Texts like numbers
    **{text: text for text in ("0x", "0o", "0b", "0b2", "0o8", "0x_", "e3", ".", "+", "1e", "0xg")},
    **{text: text for text in ("1e400", "-1e400", "9e999", "._5", "_1", "+_", "0x1p4", "1,000")},
    **{
        text: text for text in ("0x1ffffffffffffffff", "1.2.3", "1.5.", "--1", "inf", "NaN", "-inf")
    },
    **{text: text for text in ("1:30", "190:20:30", "1:2.5", "123:45", "1\u0663")},
    # Dates
    **{text: text for text in ("2024-01-31", "2024-99-99", "1234-56-78", "2001-1-1")},
    **{text: text for text in ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5")},
    # Tags
    "!!str 5": "5",
    "!!str": "",
    "!!str null": "null",
    "!!int '5'": 5,
    "!!float 5": 5,
    "!!float 0x10": 16,
    "!!float '1e3'": 1000,
    "!!bool yes": True,
    "!!bool 'on'": True,
    "!!null ~": None,
    "!local x": "x",
    "!local true": "true",
    "! true": "true",
    "&a ! yes": "yes",
    "! &a 5": "5",
    "! ''": "",
    "!<tag:yaml.org,2002:int> 5": 5,
    "!!binary aGk=": "hi",
    "!!binary Kg==": "*",
    "!!binary |\n  aG\n  k=\n": "hi",
    "!!timestamp 2001-01-01": "2001-01-01",
    "!!set {a, b}": {"a": None, "b": None},
    "!!pairs [a: 1]": [{"a": 1}],
    "!!omap [a: 1]": [{"a": 1}],
    "!!seq {a: b}": {"a": "b"},
    "!!python/none x": "x",
    # Quotes
    "'yes'": "yes",
    '"5"': "5",
    "'it''s'": "it's",
    r'"\x41é\U0001F680"': "A\u00e9\U0001f680",
    "|\n  yes\n": "yes\n",
    ">-\n  5\n": "5",
    "a#b": "a#b",
    "a #b": "a",
}
"""Scalars, and their values."""

KEYS = {
    "1": "1",
    "017": "15",
    "0x1f": "31",
    "-5": "-5",
    "yes": "true",
    "no": "false",
    "y": "true",
    "1.5": "1.5",
    "1.28": "1.28",
    "1e3": "1000",
    "0.1": "0.1",
    ".5": "0.5",
    "1e6": "1e+06",
    "16777217.0": "1.6777216e+07",
    "0.00001": "1e-05",
    "123456.789": "123456.79",
    "1e39": ".inf",
    ".inf": ".inf",
    "-.inf": "-.inf",
    ".nan": ".nan",
    "08": "8",
    "1_0": "10",
    "2024-01-31": "2024-01-31",
    "1:30": "1:30",
    "!!binary aGk=": "hi",
    "'<<'": "<<",
    "=": "=",
}
"""Keys of mappings, and the strings to which Kubernetes converts them."""

REFUSED_SCALARS = (
    *(".inf", "-.Inf", "+.INF", ".nan", ".NaN", "!!float .inf"),
    *(
        "!!int 1:30",
        "!!int 08",
        "!!int x",
        "!!int ''",
        "!!int 1.5",
        "!!float x",
        "!!float 18446744073709551615",
    ),
    *("!!bool x", "!!bool ''", "!!bool 1", "!!null x", "!!null 0", "!!timestamp x"),
    *("!!timestamp 2024-99-99", "!!binary a", "!!binary a_k=", "!!binary aGk=aGk="),
    *(r'"\/"', r'&a "\/"', r'!!str "\/"', r'"\ud83d\ude80"', r'"\ud83d"', r'"\q"'),
    *("[a?]", "[a?b, c]", "{a?: b}", "{b: c?}", "|\n \tx\n", ">\n \t\n  x\n"),
    *("*nothing", "@a", "`a", "%a", "- a", "a: b"),
)
"""Scalars that Kubernetes refuses, and so does the review."""

DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "a: 1\n---\nb: 2\n": [{"a": 1}, {"b": 2}],
    "---\n# comment\n---\n---\nnull\n---\n{}\n--- # comment\na: 1\n---": [{"a": 1}],
    "\ufeffa: 1\n---\n\ufeffb: 2\n---\n\ufeff---\nc: 3\n": [{"a": 1}, {"b": 2}, {"c": 3}],
    "a: 1\r\n---\r\nb: 2\r\n": [{"a": 1}, {"b": 2}],
    "a: 1\n...\n": [{"a": 1}],
    "a: 1\n...\n---\nb: 2\n": [{"a": 1}, {"b": 2}],
    "a: |\n  x\n  ---\n": [{"a": "x\n---\n"}],
    # JSON
    '{"a": 1}{"b": 2}\n{"c": 3}': [{"a": 1}, {"b": 2}, {"c": 3}],
    '{"a": 1}\n---\nb: 2\n': [{"a": 1}, {"b": 2}],
    '{"a": 1} # comment\n---\n{b: 2}\n': [{"a": 1}, {"b": 2}],
    ' \n{"a": "\\ud83d\\ude80\\/\\u2028"}': [{"a": "\U0001f680/\u2028"}],
    '{"a": 1, "a": 2}': [{"a": 2}],
    '{"a": 1, "b": 1e400}': [{"a": 1, "b": "1e400"}],
    '{"a": 12345678901234567890, "b": 0.10}': [{"a": 12345678901234567890.0, "b": 0.1}],
    '{"a": 01, "b": yes,}': [{"a": 1, "b": True}],
    "{a: b, c: [d,]}": [{"a": "b", "c": ["d"]}],
    # Anchors
    "a: &x 1\nb: *x\nc: &x 2\nd: *x\n": [{"a": 1, "b": 1, "c": 2, "d": 2}],
    "&k a: 1\nb: *k\n": [{"a": 1, "b": "a"}],
    "x: &x {a: 1}\nz: [*x, *x]\n": [{"x": {"a": 1}, "z": [{"a": 1}, {"a": 1}]}],
    # Merge keys
    "a: 1\n<<: {a: 2, b: 2}\n": [{"a": 2, "b": 2}],
    "<<: {a: 2, b: 2}\na: 1\n": [{"a": 1, "b": 2}],
    "a: 1\n<<: {a: 2}\na: 3\n": [{"a": 3}],
    "<<: [{a: 1, b: 1}, {a: 2, c: 2}]\n": [{"a": 1, "b": 1, "c": 2}],
    "x: &x {a: 1}\nw: {<<: *x, b: 2}\nz: {b: 2, <<: [*x, {b: 3}]}\n": [
        {"x": {"a": 1}, "w": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}}
    ],
    "x: {<<: {<<: {a: 1}, b: 2}}\n": [{"x": {"a": 1, "b": 2}}],
    '"<<": {a: 1}\n': [{"<<": {"a": 1}}],
    "!!merge '<<': {a: 1}\n": [{"a": 1}],
    "!!str <<: {a: 1}\n": [{"<<": {"a": 1}}],
    # Keys
    "a: 1\na: 2\n": [{"a": 2}],
    "? a\n: 1\n? b\n": [{"a": 1, "b": None}],
}
"""Manifests, and their objects that are not empty."""

REFUSED_DOCUMENTS = (
    *("--- {a: b}\n", "--- a\n", "---a: b\n", "----\n", "a: 1\n--- |\n x\n", "---\u200b\na: 1\n"),
    *("%YAML 1.1\n---\na: 1\n", "%TAG ! tag:x,2000:\n---\na: 1\n"),
    *('{"a": 1}{"b": 2}\n---\nc: 3\n', '{"a": 1} x', '{"a": 1}{"b": 2} 3', '{"a": 1}\n[]\n'),
    *("- 1\n", "text\n", "5\n", "[{}]\n", "a: 1\n---\n- 1\n"),
    *("? {}\n: 1\n", "? [a]\n: 1\n", "~: 1\n", "18446744073709551615: 1\n"),
    *("<<: 1\n", "<<: [1]\n", "<<: [[{a: 1}]]\n", "x: &x [{a: 1}]\n<<: *x\n", "<<:\n"),
    *("a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a {<<: *a}\n", "a: &a 1\n---\nb: *a\n"),
    *("a: 1\n b: 2\n", "a: [1\n", "a: 'x\n", "a: b: c\n", "\ta: 1\n", "a: \x00\n", "a: \x07\n"),
)
"""Manifests that Kubernetes refuses, and so does the review."""

REFUSED_BY_US = (
    ("a: 1\n...\nb: 2\n", "is not valid YAML (line 3, column 1)"),
    ("a: 1\r---\rb: 2\n", "line 2: Kubernetes ignores a document that no line `---` separates"),
    ("1: a\n'1': b\n", "line 2: a key is twice in a mapping, as a string and as another type"),
    ("true: a\nyes: b\nx: {<<: {1: a}, '1': b}\n", "line 3: a key is twice in a mapping, as a s"),
    ("a: !!binary gIGC\n", "line 1: the content of a !!binary value is not UTF-8 text"),
    ('{"a": "\\ud800"}', "line 1: a JSON string contains one half of a surrogate pair"),
    ("a: \ufeff\n", "line 1: a byte order mark (U+FEFF) is not at the start of a document"),
    ("a: .inf\na: 1\n", "line 1: JSON has no infinite number and no NaN; quote the value"),
    (f'{{"{"k" * 1001}": 1}}', "has a key of more than 1,000 characters"),
    ('? "' + "\\x01" * 250 + '"\n: 1\n', "has a key of more than 1,000 characters"),
    (f"? {'k' * 1001}\n: 1\n", "has a key of more than 1,000 characters"),
)
"""Manifests that Kubernetes takes and the review refuses, with the reason."""
