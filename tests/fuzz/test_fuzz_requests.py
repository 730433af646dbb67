"""Any name, description, key or URL is rejected with a sentence, or sent exactly as intended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st

from kubiya_pulumi.api import (
    BadRequestError,
    Connection,
    InvalidNameError,
    RunnersClient,
    SettingError,
    name_problem,
)
from kubiya_pulumi.api.urls import is_https_or_loopback, normalize_url
from tests.api.scripted_service import ScriptedService, reply
from tests.fuzz.conftest import KEY, is_loopback
from tests.fuzz.sentences import error_of
from tests.fuzz.strategies import ANY_TEXT, NAMES, URLS
from tests.harness.chaos import at_random, size

pytestmark = pytest.mark.slow

Connect = Callable[..., RunnersClient]

PATHS = {
    "describe_runner": ("GET", "/v1/runners/{}/describe"),
    "get_runner_health": ("GET", "/api/v3/runners/{}/health"),
    "create_runner": ("POST", "/api/v3/runners/{}"),
    "delete_runner": ("DELETE", "/api/v3/runners/{}"),
    "update_runner_description": ("PUT", "/api/v3/runners/description/{}"),
    "get_runner_manifest": ("GET", "/v1/runners/{}/manifest"),
}


def test_a_name_is_rejected_or_sent_as_a_single_path_segment(
    service: ScriptedService, connect: Connect, record_property: Callable[[str, object], None]
) -> None:
    client = connect(f"{service.url}/a%2Fb")
    outcomes = Counter[str]()

    @at_random(size(400, per_run=100))
    @given(operation=st.sampled_from(sorted(PATHS)), name=NAMES)
    def check(operation: str, name: str) -> None:
        service.replies, service.requests = [reply(400)], []
        text = ("text",) if operation == "update_runner_description" else ()
        error = error_of(lambda: getattr(client, operation)(name, *text))
        if name_problem(name):
            outcomes["rejected"] += 1
            assert isinstance(error, InvalidNameError)
            assert service.requests == []
            return
        outcomes["sent"] += 1
        assert isinstance(error, BadRequestError)
        [request] = service.requests
        method, path = PATHS[operation]
        before, after = path.split("{}")
        assert request.method == method
        assert request.target.startswith("/a%2Fb" + before)
        assert request.target.endswith(after)
        segment = request.target[len("/a%2Fb" + before) : len(request.target) - len(after)]
        assert "/" not in segment
        assert segment not in (".", "..")
        assert segment.isascii()
        assert unquote(segment, errors="strict") == name

    check()
    assert outcomes["sent"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


def test_a_description_is_sent_unchanged(
    service: ScriptedService, connect: Connect, record_property: Callable[[str, object], None]
) -> None:
    client = connect(service.url)
    outcomes = Counter[str]()

    @at_random(size(150, per_run=50))
    @given(description=ANY_TEXT)
    def check(description: str) -> None:
        service.replies, service.requests = [reply()], []
        client.update_runner_description("runner-prod", description)
        service.replies = [reply(200, {"name": "runner-prod"})]
        client.create_runner("runner-prod", description=description)
        outcomes["sent"] += 1
        for request in service.requests:
            assert request.json == {"description": description}

    check()
    record_property("counts", dict(outcomes))


def test_a_key_is_rejected_without_being_shown_or_sent_unchanged(
    service: ScriptedService, connect: Connect, record_property: Callable[[str, object], None]
) -> None:
    service.replies = [reply(200, [])]
    outcomes = Counter[str]()

    @at_random(size(200, per_run=50))
    @given(
        key=st.one_of(
            ANY_TEXT,
            st.text(st.characters(min_codepoint=33, max_codepoint=126)),
            st.sampled_from(["UserKey ", "\n", "\r\nX-Other: 1", "k" * 5000]),
        ).map(lambda text: text + KEY)
    )
    @example(key="")
    def check(key: str) -> None:
        service.requests = []
        error = error_of(lambda: Connection(api_key=key, base_url=service.url))
        if error:
            outcomes["rejected"] += 1
            assert isinstance(error, SettingError)
            assert error.setting == "kubiya:apiKey"
            assert KEY not in repr(error)
            return
        outcomes["sent"] += 1
        connection = Connection(api_key=key, base_url=service.url)
        with RunnersClient(connection) as client:
            assert client.list_runners() == ()
            assert KEY not in repr(connection) + repr(client)
        assert service.requests[0].headers["authorization"] == f"UserKey {key}"

    check()
    assert outcomes["sent"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


def test_a_base_url_is_rejected_or_requested_at_exactly_its_host_and_path(
    service: ScriptedService,
    resolved_hosts: list[str],
    record_property: Callable[[str, object], None],
) -> None:
    here = f"127.0.0.1:{service.port}"
    service.replies = [reply(200, [])]
    outcomes = Counter[str]()

    @at_random(size(500, per_run=100))
    @given(url=st.one_of(URLS, URLS.map(lambda text: f"http://{here}/{text}")))
    def check(url: str) -> None:
        service.requests = []
        resolved_hosts.clear()
        error = error_of(lambda: Connection(api_key=KEY, base_url=url))
        if error:
            outcomes["rejected"] += 1
            assert isinstance(error, SettingError)
            assert error.setting == "kubiya:baseUrl"
            return
        parts = urlsplit(normalize_url(url))
        with RunnersClient(Connection(api_key=KEY, base_url=url, max_retries=0)) as client:
            error = error_of(client.list_runners)
        if error:
            outcomes["unreachable"] += 1
            assert service.requests == []
        else:
            outcomes["requested"] += 1
            [request] = service.requests
            assert request.target == parts.path.rstrip("/") + "/api/v3/runners"
        assert [host.strip("[]") for host in resolved_hosts] == [parts.hostname]
        assert parts.scheme == "https" or is_loopback(resolved_hosts[0])

    check()
    assert outcomes["requested"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


def test_every_parser_reads_a_normalized_url_in_the_same_way(
    record_property: Callable[[str, object], None],
) -> None:
    outcomes = Counter[str]()

    @at_random(size(1000, per_run=500))
    @given(url=st.one_of(URLS, URLS.map(lambda text: f"https://a.test/{text}")))
    @example("https://a.test/a/%2e%2e/b")
    def check(url: str) -> None:
        try:
            once = normalize_url(url)
        except ValueError:
            outcomes["rejected"] += 1
            return
        outcomes["normalized"] += 1
        assert normalize_url(once) == once
        standard, used = urlsplit(once), urllib3.util.parse_url(once)
        host = (used.host or "").strip("[]")
        assert (standard.scheme, standard.hostname) == (used.scheme, host)
        assert standard.port == used.port
        assert is_https_or_loopback(once) == (standard.scheme == "https" or is_loopback(host))

    check()
    assert outcomes["normalized"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))


def test_a_manifest_url_is_rejected_or_requested_without_the_key(
    service: ScriptedService,
    connect: Connect,
    resolved_hosts: list[str],
    record_property: Callable[[str, object], None],
) -> None:
    here = f"127.0.0.1:{service.port}"
    client = connect(f"{service.url}/prefix")
    outcomes = Counter[str]()

    @at_random(size(500, per_run=100))
    @given(
        url=st.one_of(URLS, URLS.map(lambda text: f"http://{here}/{text}")),
        redirected=st.booleans(),
    )
    def check(url: str, redirected: bool) -> None:
        service.requests = []
        service.replies = [reply(200, "kind: Namespace")]
        if redirected:
            # A header can contain any bytes except line breaks.
            location = url.encode("utf-8", "surrogatepass").translate(None, b"\r\n")
            service.replies.insert(0, reply(302, Location=location.decode("latin-1")))
            url = "/m.yaml"
        resolved_hosts.clear()
        error = error_of(lambda: client.download_manifest(url, runner="runner-prod"))
        outcomes["rejected" if error else "downloaded"] += 1
        for host in resolved_hosts:
            assert error or is_loopback(host)
        for request in service.requests:
            assert request.method == "GET"
            assert KEY not in str(request.headers)
            assert "authorization" not in request.headers

    check()
    assert outcomes["downloaded"]
    assert outcomes["rejected"]
    record_property("counts", dict(outcomes))
