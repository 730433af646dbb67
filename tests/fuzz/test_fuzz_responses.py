"""Any response is parsed or rejected with a sentence. Parsed data can be stored and shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubiya_pulumi.api import (
    ComponentHealth,
    CreatedRunner,
    HealthCheck,
    InvalidResponseError,
    Runner,
    RunnerHealth,
    RunnerManifest,
    RunnersClient,
)
from kubiya_pulumi.api.models import RUNNER_FIELDS, runners_from
from kubiya_pulumi.api.responses import Response
from tests.api.scripted_service import ScriptedService, raw
from tests.fuzz.conftest import KEY
from tests.fuzz.sentences import error_of
from tests.fuzz.strategies import json_values
from tests.harness.chaos import at_random, size

pytestmark = pytest.mark.slow

Connect = Callable[..., RunnersClient]
Record = Callable[[str, object], None]

RUNNER = "runner-prod"
FIELDS = sorted(
    {*RUNNER_FIELDS, "manifest_url", "url", "manifest_content", "runners", "checks", "components"}
    | {"health", "status", "time", "last_check", "metadata", "git_sha", "release", "error", "code"}
    | {"message", "detail", RUNNER}
)
JSON = st.one_of(
    json_values(FIELDS),
    st.dictionaries(st.sampled_from(FIELDS), json_values(FIELDS, leaves=4), max_size=8).map(
        lambda fields: {**fields, "name": RUNNER}
    ),
)
PARSERS: list[Callable[[object], Any]] = [
    Runner.from_dict,
    CreatedRunner.from_dict,
    RunnerManifest.from_dict,
    RunnerHealth.from_dict,
    HealthCheck.from_dict,
    ComponentHealth.from_dict,
    runners_from,
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__qualname__)
def test_any_json_is_parsed_or_rejected(
    parser: Callable[[object], Any], record_property: Record
) -> None:
    outcomes = Counter[str]()

    @at_random(size(100, per_run=100))
    @given(data=JSON)
    @example([])
    @example({"name": RUNNER, "url": "https://manifests.test/a"})
    @example({"name": RUNNER, "version": 10**400})
    @example({"name": RUNNER, "description": "\ud800", "health": "\udfff", "url": "\ud800"})
    def check(data: object) -> None:
        body = json.dumps(data).encode()
        response = Response(operation="describe_runner", runner=RUNNER, status=200, body=body)
        parsed: list[Any] = []
        error = error_of(lambda: parsed.append(parser(response.json())))
        if error:
            outcomes["rejected"] += 1
            assert isinstance(error, InvalidResponseError)
            return
        outcomes["parsed"] += 1
        for model in parsed[0] if isinstance(parsed[0], tuple) else parsed:
            assert is_storable(asdict(model))
            assert is_storable(repr(model))

    check()
    assert outcomes["parsed"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


def is_storable(value: object) -> bool:
    """Return whether a state can store it: valid text, None, or lists and objects of these."""
    if isinstance(value, dict):
        return all(map(is_storable, value.keys())) and all(map(is_storable, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_storable, value))
    if isinstance(value, str):
        value.encode()
        return True
    return value is None


STATUS_LINES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 201 \xff"),
        *(b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 302 Found"),
        *(b"HTTP/1.1 400 Bad", b"HTTP/1.1 404 " + KEY.encode(), b"HTTP/1.1 429 Slow", b"200 OK"),
        *(b"HTTP/1.1 500 \x1b[31m", b"HTTP/1.1 999 Odd", b"HTTP/1.1 099 Odd", b"HTTP/1.1 -1 Odd"),
        *(b"HTTP/9.9 200 OK", b"HTTP/1.1", b"", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
        *(b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.1 2e2 OK", b"<!DOCTYPE html>"),
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ]
)
HEADERS = st.sampled_from(
    [
        *(b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999"),
        *(b"Content-Length: 5, 6", b"Content-Length: x", b"Content-Length: 0"),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"),
        *(b"Content-Encoding: gzip", b"Content-Encoding: deflate", b"Content-Encoding: br, zstd"),
        *(b"Content-Encoding: " + b"gzip, " * 9, b"Content-Type: text/html; charset=\xff"),
        *(b"Content-Type: application/json; charset=utf-16", b"Retry-After: \xff", b"Retry-After:"),
        *(b"Retry-After: -1", b"Retry-After: 1e9", b"Retry-After: Fri, 31 Dec 9999 99:99:99 GMT"),
        *(b"Retry-After: 99999999999999999999", b"Retry-After: \xd9\xa1", b"Location: \xff"),
        *(b"Location: http://[", b"Location: //:x", b"Location: /" + b"a" * 3000, b"Location:"),
        *(b"Location: https://user:" + KEY.encode() + b"@a.test/", b"X: " + b"y" * 70_000),
        *(b"Set-Cookie: a=b; expires=\xff", b"Set-Cookie: ;;=", b"No colon", b": no name"),
        *(b" folded", b"\x00: \x00"),
        b"\r\n".join(b"X-%d: y" % number for number in range(120)),
    ]
)  # fmt: skip
CHUNKS = st.lists(
    st.sampled_from(
        [
            *(b"0\r\n\r\n", b"2\r\n{}\r\n", b"2\r\n[]\r\n0\r\n\r\n", b"2;a=b\r\n{}\r\n"),
            *(b"-1\r\n{}", b"-5\r\n{}\r\n", b"+2\r\n{}\r\n", b"0x2\r\n{}\r\n", b"2_0\r\n{}\r\n"),
            *(b"ffffffffffffffffffff\r\n{}\r\n", b"x\r\n", b"\r\n", b"3\r\n{}"),
            b"1\r\n{\r\n1\r\n}\r\n0\r\nT: t\r\n\r\n",
        ]
    ),
    max_size=4,
).map(b"".join)  # fmt: skip
PLAIN_BODIES = st.one_of(
    JSON.map(lambda data: json.dumps(data).encode()),
    JSON.map(lambda data: json.dumps(data).encode("utf-16")),
    st.binary(),
    st.sampled_from(
        [
            *(
                b"",
                b" ",
                b"{}",
                b"[]",
                b"null",
                b'"x"',
                b"<html><title>\x00</title>",
                b"{",
                b"\xff",
            ),
            *(b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"1e999"),
            *(b"NaN", b'{"name": "runner-prod", "name": 1}', b"\x1f\x8b\x08", b"\x00" * 1000),
            *(KEY.encode(), b'{"error": "' + KEY.encode() + b'"}'),
        ]
    ),
)
WIRE = st.one_of(
    st.binary(),
    st.tuples(
        STATUS_LINES, st.lists(HEADERS, max_size=4), st.one_of(PLAIN_BODIES, CHUNKS)
    ).map(lambda parts: b"\r\n".join([parts[0], *parts[1], b"", parts[2]])),
    st.tuples(STATUS_LINES, PLAIN_BODIES).map(
        lambda parts: parts[0] + b"\r\nContent-Length: %d\r\n\r\n" % len(parts[1]) + parts[1]
    ),
    CHUNKS.map(lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body),
)  # fmt: skip

CALLS: dict[str, Callable[[RunnersClient], object]] = {
    "list": lambda client: client.list_runners(),
    "describe": lambda client: client.describe_runner(RUNNER),
    "health": lambda client: client.get_runner_health(RUNNER),
    "bounded health": lambda client: client.get_runner_health(RUNNER, total_timeout_seconds=10),
    "create": lambda client: client.create_runner(RUNNER),
    "delete": lambda client: client.delete_runner(RUNNER),
    "update": lambda client: client.update_runner_description(RUNNER, "text"),
    "manifest": lambda client: client.get_runner_manifest(RUNNER),
    "download": lambda client: client.download_manifest("/m.yaml", runner=RUNNER),
}
MAX_REQUESTS = 12
"""Two attempts for each path of describe, or for each redirect of a download."""


def test_any_bytes_are_parsed_or_rejected(
    service: ScriptedService, connect: Connect, record_property: Record
) -> None:
    client = connect(service.url, max_retries=1)
    outcomes = Counter[str]()

    @at_random(size(800, per_run=400))
    @given(call=st.sampled_from(sorted(CALLS)), wire=WIRE)
    @example("list", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n")
    @example("list", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n[]")
    def check(call: str, wire: bytes) -> None:
        client.close()  # So that remaining bytes do not become part of the next response.
        service.requests, service.replies = [], [raw(wire)]
        error = error_of(lambda: CALLS[call](client))
        outcomes["rejected" if error else "parsed"] += 1
        assert KEY not in repr(error)
        assert KEY not in str(error)
        assert 1 <= len(service.requests) <= MAX_REQUESTS

    check()
    assert outcomes["parsed"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))
