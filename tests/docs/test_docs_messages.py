"""The messages that pages quote in part are those of docs/errors.md, which the engine printed."""

from __future__ import annotations

import re

from tests.harness.markdown import PAGES
from tests.harness.toolchain import ROOT

_QUOTED = re.compile(r"^ *(?:error: )?((?:could not|runner \"|the manifest of).*)…$", re.MULTILINE)


def test_each_quoted_message_begins_one_that_the_engine_printed() -> None:
    rows = (ROOT / "docs" / "errors.md").read_text("utf-8").split("<!-- failures -->")[1]
    quoted = [text.strip() for page in PAGES for text in _QUOTED.findall(page.read_text("utf-8"))]
    assert len(quoted) >= 3
    assert [text for text in quoted if f"| {text}" not in rows] == []
