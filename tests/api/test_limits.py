"""Whatever a service sends, the client reads a limited size in limited memory."""

import json
import re
import subprocess
import sys

import pytest

from kubiya_pulumi.api import (
    ApiError,
    ConnectionFailedError,
    InvalidResponseError,
    UnexpectedStatusError,
)
from kubiya_pulumi.errors import KubiyaError
from tests.api.conftest import KEY
from tests.api.endless_responses import REPLIES
from tests.api.scripted_service import raw, reply

MIB = 2**20
LIMITS = {"list_runners": 8 * MIB, "download_manifest": 16 * MIB}
KERNEL = 16 * MIB
"""What the operating system buffers before the client reads it."""

CLIENT = f"""
import json, re, sys
from pathlib import Path
from kubiya_pulumi.api import (Connection, RunnersClient)
from kubiya_pulumi.errors import KubiyaError

def peak_memory():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

url, call = sys.argv[1:]
with RunnersClient(Connection(api_key={KEY!r}, base_url=url, max_retries=0)) as client:
    before = peak_memory()
    try:
        client.list_runners() if call == "list_runners" else client.download_manifest(
            "/m", runner="a"
        )
    except KubiyaError as error:
        print(json.dumps([str(error), peak_memory() - before]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", LIMITS)
@pytest.mark.parametrize("response", REPLIES)
def test_an_endless_response_is_rejected_in_limited_memory(response, call, service) -> None:
    endless, problem = REPLIES[response]
    endless.sent = 0
    service.replies = [endless]
    # Measure the client's memory in a separate process.
    client = subprocess.run(
        [sys.executable, "-c", CLIENT, service.url, call],
        capture_output=True,
        text=True,
        check=True,
    )
    message, growth = json.loads(client.stdout)
    assert re.search(problem.replace("LIMIT", f"{LIMITS[call] // MIB} MiB"), message)
    assert message.isprintable()
    limit = LIMITS[call] if "LIMIT" in problem else MIB
    assert growth < 2 * limit
    assert endless.sent < 3 * limit + KERNEL
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"[" * 4 * MIB, "is not JSON"),
        (b'{"a":' * MIB + b"1" + b"}" * MIB, "is not JSON"),
        (b"[" + b"9" * 4 * MIB + b"]", "is not JSON"),
        (b'[{"name": "a", "version": NaN}]', "is not JSON"),
        (b'[{"name": "a", "version": -Infinity}]', "is not JSON"),
        (b'[{"name": "a", "version": 1e999}]', "is not JSON"),
        (b'[{"name": "\xff"}]', "is not UTF-8 text"),
        (b'[{"name": "\xed\xa0\x80"}]', "is not UTF-8 text"),
        (b'[{"name": "\\ud800"}]', "is not valid Unicode"),
        (b'[{"name": "a"},]', "is not JSON"),
        ('[{"name": "a"}]'.encode("utf-16"), "is not UTF-8 text"),
    ],
)
def test_invalid_json_is_rejected(body, problem, client, service) -> None:
    service.replies = [reply(200, body)]
    with pytest.raises(InvalidResponseError, match=problem):
        client.list_runners()


def test_a_large_number_is_accepted(client, service) -> None:
    service.replies = [reply(200, b'[{"name": "a", "version": ' + b"9" * 4000 + b"}]")]
    assert client.list_runners()[0].name == "a"


@pytest.mark.parametrize(
    ("head", "kind", "problem"),
    [
        (b"Content-Length: 2\r\nContent-Length: 3", InvalidResponseError, "conflicting headers"),
        (b"Content-Length: 2, 3", InvalidResponseError, "conflicting headers"),
        (b"Content-Length: 2\r\nContent-Length: 2", None, ""),
        (b"Content-Length: two", None, ""),
        (b"Content-Length: -2", None, ""),
        (b"Content-Length: " + b"9" * 5000, None, ""),
        (b"X: \xff\xfe\x00", None, ""),
        (b"\xff\xfe: x", None, ""),
        (b"Content-Type: application/json\r\nContent-Type: text/html", None, ""),
        (
            b"Content-Encoding: br",
            InvalidResponseError,
            "uses a Content-Encoding that was not requested",
        ),
        (
            b"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip",
            InvalidResponseError,
            "not requested",
        ),
        (b"Content-Encoding: gzip", InvalidResponseError, "does not match its Content-Encoding"),
        (b"Transfer-Encoding: gzip", None, ""),
        (b"\r\n".join(b"X-%d: y" % number for number in range(90)), None, ""),
        (b"\r\n".join(b"X-%d: y" % number for number in range(200)), KubiyaError, "is not HTTP"),
    ],
)
def test_unusual_headers(head, kind, problem, connect, service) -> None:
    service.replies = [raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n\r\n[]")]
    client = connect(service.url, max_retries=0)
    if kind is None:
        assert client.list_runners() == ()
        return
    with pytest.raises(kind, match=problem) as raised:
        client.list_runners()
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("status", [101, 102, 103, 199])
def test_an_interim_response_is_not_that_to_the_next_request(status, client, service) -> None:
    """100 is skipped. Any other 1xx is a response, after which the connection is closed."""
    service.replies = [
        raw(b"HTTP/1.1 %d Interim\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]" % status),
        reply(200, [{"name": "a"}]),
    ]
    with pytest.raises(UnexpectedStatusError, match=f"returned {status}") as raised:
        client.list_runners()
    assert raised.value.outcome_unknown
    assert [runner.name for runner in client.list_runners()] == ["a"]
    assert len(service.connections) == 2


def test_a_100_continue_is_skipped(client, service) -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"
    service.replies = [raw(interim * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")]
    assert client.list_runners() == ()


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello",
        b"5\r\nhello\r\n",
        b"5hello\r\n",
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-1\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"",
    ],
)
def test_invalid_chunks_are_rejected(body, connect, service) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    service.replies = [raw(head + body)]
    with pytest.raises(InvalidResponseError, match=r"was truncated|has an invalid chunk") as raised:
        connect(service.url, max_retries=0).list_runners()
    assert raised.value.outcome_unknown


@pytest.mark.parametrize(
    "response",
    [b"\x16\x03\x01\x02\x00", b"\x00" * 100, b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 2xx\r\n\r\n"],
)
def test_a_response_that_is_not_http(response, connect, service) -> None:
    service.replies = [raw(response)]
    with pytest.raises(ConnectionFailedError, match=r"is not HTTP|closed before") as raised:
        connect(service.url, max_retries=0).list_runners()
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/läufer", "/l%C3%A4ufer"),
        ("l%C3%A4ufer?größe=1", "/m/l%C3%A4ufer?gr%C3%B6%C3%9Fe=1"),
        ("../n", "/n"),
        ("?x=1", "/m/a?x=1"),
        ("//{host}/n", "/n"),
    ],
)
def test_a_download_follows_a_redirect_to_its_target(location, target, client, service) -> None:
    address = location.replace("{host}", service.url.partition("//")[2]).encode()
    service.replies = [
        raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + address + b"\r\n\r\n"),
        reply(200, "kind: Namespace"),
    ]
    assert client.download_manifest("/m/a", runner="a") == "kind: Namespace"
    assert service.targets == ["/m/a", target]


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        (b"/l\xe4ufer", "redirects to a URL that is not UTF-8"),
        (b"/a\r\nLocation: /b", "contains a space"),
        (b"/a\x00b", "contains a space, a backslash or a control character"),
        (b"https://[", "is not a valid URL"),
    ],
)
def test_an_invalid_redirect_is_rejected(location, problem, client, service) -> None:
    service.replies = [
        raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")
    ]
    with pytest.raises(InvalidResponseError, match=problem):
        client.download_manifest("/m", runner="a")
    with pytest.raises((ApiError, InvalidResponseError)):
        client.list_runners()
    assert len(service.requests) == 2
