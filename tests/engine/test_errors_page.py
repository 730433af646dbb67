"""docs/errors.md shows what the engine prints."""

from __future__ import annotations

import errors_page
import pytest

from tests.harness.failing_programs import collect_messages
from tests.harness.failures import SECTIONS

pytestmark = pytest.mark.engine


def test_the_page_shows_what_the_engine_prints() -> None:
    messages = collect_messages()
    assert not [message for message in messages.values() if "Traceback" in message]
    page = errors_page.PAGE.read_text()
    assert page == errors_page.with_tables(page, messages), "run tools/errors_page.py"
    assert sum(map(len, SECTIONS.values())) >= 30
    # Only the name of a resource is replaced, not a word of the service that is equal to it.
    assert 'the reported status is "unhealthy"' in page
