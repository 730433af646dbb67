"""How the client parses the body of a response, successful or not."""

import gzip
import json

import pytest

from kubiya_pulumi.api import (
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    RunnersClient,
    ServerError,
    UnauthorizedError,
    UnexpectedStatusError,
    transport,
)
from tests.api.scripted_service import raw, reply


@pytest.fixture
def client(connect, service) -> RunnersClient:
    return connect(service.url, max_retries=0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (429, RateLimitedError),
        *((status, ServerError) for status in (500, 501, 502, 503, 504, 511, 599)),
        *((status, UnexpectedStatusError) for status in (304, 402, 405, 410, 418, 422, 499, 600)),
    ],
)
def test_each_status_raises_its_class(status, kind, client, service) -> None:
    service.replies = [reply(status)]
    with pytest.raises(ApiError) as raised:
        client.get_runner_health("a")
    assert type(raised.value) is kind
    assert (raised.value.status, raised.value.operation, raised.value.runner) == (
        status,
        "get_runner_health",
        "a",
    )


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "not_found", "message": "No", "details": {"a": 1}}}, "not_found", "No"),
        ({"error": {"code": 7, "message": "No"}}, "7", "No"),
        ({"error": {"message": None}, "message": "Yes"}, None, "Yes"),
        ({"error": "No such thing"}, None, "No such thing"),
        ({"error": "Not Found", "message": ""}, None, "Not Found"),
        ({"message": "No", "code": "x"}, "x", "No"),
        ({"detail": "Not authenticated"}, None, "Not authenticated"),
        ({"error": {}}, None, "Not Found"),
        ({"error": None}, None, "Not Found"),
        ({"error": {"code": {}, "message": []}}, None, "Not Found"),
        ([], None, "Not Found"),
        (7, None, "Not Found"),
        (b"null", None, "Not Found"),
        (b'"No runner"', None, "No runner"),
        (b"no runner\nat /srv/app.py", None, "no runner"),
        (b"  no \t runner  ", None, "no runner"),
        (b"", None, "Not Found"),
        (b" \r\n", None, "Not Found"),
        (b"\xef\xbb\xbfno runner", None, "no runner"),
        (b"<html><head><TITLE>\n404  Not here\n</TITLE>", None, "a web page, 404 Not here"),
        (b"<html>", None, "Not Found"),
        (b"<title> </title>", None, "Not Found"),
        (b"no\x1b[31m red\x00", None, "no[31m red"),
        (b"x" * 500, None, "x" * 199 + "…"),
        (b"[" * 100_000, None, "[" * 199 + "…"),
    ],
)
def test_the_code_and_message_of_an_error(body, code, message, client, service) -> None:
    service.replies = [reply(404, body)]
    with pytest.raises(NotFoundError) as raised:
        client.delete_runner("a")
    assert (raised.value.code, raised.value.message) == (code, message)
    assert str(raised.value).isprintable()


def test_a_status_without_a_reason_phrase(client, service) -> None:
    service.replies = [raw(b"HTTP/1.1 499 \r\nContent-Length: 0\r\n\r\n")]
    with pytest.raises(UnexpectedStatusError, match="499: no reason given"):
        client.list_runners()


RUNNER = {"name": "Läufer", "description": "größer"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(RUNNER).encode(), {}),
        (json.dumps(RUNNER, ensure_ascii=False).encode(), {"Content_Type": "text/html"}),
        (
            b"\xef\xbb\xbf \n" + json.dumps(RUNNER, ensure_ascii=False).encode(),
            {"Content_Type": "application/json; charset=iso-8859-1"},
        ),
        (gzip.compress(json.dumps(RUNNER).encode(), mtime=0), {"Content_Encoding": "gzip"}),
    ],
)
def test_json_is_parsed_whatever_the_headers_say(body, headers, client, service) -> None:
    service.replies = [reply(200, body, **headers)]
    runner = client.describe_runner("Läufer")
    assert (runner.name, runner.description) == ("Läufer", "größer")


@pytest.mark.parametrize(
    ("body", "headers", "problem"),
    [
        (b"<!doctype html><html>Sign in</html>", {}, "is a web page"),
        (b" \n<html>", {"Content_Type": "application/json"}, "is a web page"),
        (b"", {}, "is empty"),
        (b"Hello", {"Content_Type": "application/json"}, "is not JSON"),
        (b'{"name": "a"', {}, "is not JSON"),
        (b'{"name": "\xff"}', {}, "is not UTF-8 text"),
        (b"[" * 100_000, {}, "is not JSON"),
        (b"9" * 5000, {}, "is not JSON"),
        (b"not gzip", {"Content_Encoding": "gzip"}, "does not match its Content-Encoding"),
        (b'"a"', {}, "is invalid: expected "),
        (b"7", {}, "is invalid: expected "),
    ],
)
@pytest.mark.parametrize("call", ["list_runners", "describe_runner", "get_runner_health"])
def test_an_invalid_body_is_rejected(call, body, headers, problem, client, service) -> None:
    service.replies = [reply(200, body, **headers)]
    name = () if call == "list_runners" else ("a",)
    with pytest.raises(InvalidResponseError, match=problem) as raised:
        getattr(client, call)(*name)
    assert (raised.value.operation, raised.value.runner) == (call, name[0] if name else None)
    assert "kubiya:baseUrl" in str(raised.value)


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_not_an_empty_list(status, client, service) -> None:
    service.replies = [reply(status)]
    with pytest.raises(InvalidResponseError, match="is empty"):
        client.list_runners()


def test_the_size_of_a_response_is_limited(client, service, monkeypatch) -> None:
    monkeypatch.setattr(transport, "MAX_RESPONSE_BYTES", 2**20)
    service.replies = [reply(200, b" " * (2**20 - 2) + b"[]")]
    assert client.list_runners() == ()
    for body, headers in (
        (b" " * 2**20 + b"[]", {}),
        (gzip.compress(b" " * 2**24 + b"[]"), {"Content_Encoding": "gzip"}),
    ):
        service.replies = [reply(200, body, **headers)]
        with pytest.raises(InvalidResponseError, match="is larger than 1 MiB"):
            client.list_runners()


def test_a_manifest_has_a_higher_size_limit(client, service) -> None:
    service.replies = [reply(200, b"#" * 16 * 2**20)]
    assert len(client.download_manifest("/m", runner="a")) == 16 * 2**20
    service.replies = [reply(200, b"#" * (16 * 2**20 + 1))]
    with pytest.raises(InvalidResponseError, match="is larger than 16 MiB"):
        client.download_manifest("/m", runner="a")


@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"deleted", b'{"result": "ok"}'])
def test_any_2xx_response_is_a_successful_delete(status, body, client, service) -> None:
    sent = b"" if status == 204 else body
    service.replies = [reply(status, sent)]
    client.delete_runner("a")
    assert len(service.requests) == 1


def test_a_web_page_is_not_a_successful_delete(client, service) -> None:
    service.replies = [reply(200, "<html>")]
    with pytest.raises(InvalidResponseError, match="is a web page"):
        client.delete_runner("a")


@pytest.mark.parametrize("body", [[], ["a"], [{"name": "a"}], b"\xef\xbb\xbf []"])
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.delete_runner("a"),
        lambda client: client.update_runner_description("a", "text"),
    ],
    ids=["delete", "update"],
)
def test_an_array_is_rejected_after_a_change(call, body, client, service) -> None:
    service.replies = [reply(200, body)]
    with pytest.raises(InvalidResponseError, match=r"is an array.*may have been made"):
        call(client)


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(
    ("body", "url", "version"),
    [
        ({"name": "a", "manifest_url": "https://a.example/m"}, "https://a.example/m", None),
        ({"name": "a", "url": "https://a.example/m"}, "https://a.example/m", None),
        ({"url": "https://a.example/m"}, "https://a.example/m", None),
        ({"name": "a", "manifest_url": "", "url": None}, None, None),
        ({"name": "a", "version": 2, "namespace": "kubiya"}, None, "v2"),
        ({"name": None, "version": 0, "url": "/m"}, "/m", "v1"),
        ({"name": "a"}, None, None),
        ({}, None, None),
        (b"", None, None),
    ],
)
def test_the_forms_of_a_create_response(body, url, version, status, client, service) -> None:
    service.replies = [reply(status, body)]
    created = client.create_runner("a")
    assert (created.name, created.manifest_url) == ("a", url)
    assert (created.runner and created.runner.version) == version


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({}, {}),
        ({"description": ""}, {"description": ""}),
        ({"managed_by": "pulumi"}, {"managed_by": "pulumi"}),
        (
            {"description": "größer", "managed_by": "pulumi", "task_id": "7"},
            {"description": "größer", "managed_by": "pulumi", "task_id": "7"},
        ),
    ],
)
def test_a_create_sends_only_its_arguments(arguments, sent, client, service) -> None:
    service.replies = [reply()]
    client.create_runner("a", **arguments)
    assert service.requests[0].json == sent


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ({"name": "a", "version": "v2"}, "v2"),
        ({"version": 2}, "v2"),
        ({"result": "ok"}, None),
        ({}, None),
        (b"", None),
        (b"null", None),
    ],
)
def test_the_forms_of_an_update_response(body, version, client, service) -> None:
    service.replies = [reply(200, body)]
    runner = client.update_runner_description("a", "größer")
    assert (runner and runner.version) == version
    assert service.requests[0].json == {"description": "größer"}


YAML = "# a manifest\nkind: Namespace\n---\nkind: Secret\n"


@pytest.mark.parametrize(
    ("body", "url", "content"),
    [
        ({"name": "a", "manifest_url": "/m", "manifest_content": YAML}, "/m", YAML),
        ({"name": "a", "manifest_url": "/m"}, "/m", None),
        ({"name": "a", "manifest_url": "/m", "manifest_content": ""}, "/m", None),
        ({"name": None, "url": "/m", "manifest_content": None}, "/m", None),
        ({"manifest_content": YAML}, None, YAML),
        (YAML, None, YAML),
        (f"\ufeff{YAML}".encode(), None, f"\ufeff{YAML}"),
    ],
)
def test_the_forms_of_a_manifest_response(body, url, content, client, service) -> None:
    service.replies = [reply(200, body, Content_Type="application/yaml")]
    manifest = client.get_runner_manifest("a")
    assert (manifest.name, manifest.manifest_url, manifest.manifest_content) == ("a", url, content)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": "a"}, "contains neither the manifest nor its URL"),
        ({"name": "a", "manifest_url": "", "manifest_content": None}, "contains neither"),
        (b"", "is empty"),
        (b"<html>", "is a web page"),
        (b"[]", "expected an object describing the manifest"),
        (b"null", "expected an object describing the manifest"),
        (b'{"name": "a", "manifest_co', "is not JSON"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_a_response_without_a_manifest(body, problem, client, service) -> None:
    service.replies = [reply(200, body)]
    with pytest.raises(InvalidResponseError, match=problem):
        client.get_runner_manifest("a")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.describe_runner("a"),
        lambda client: client.create_runner("a"),
        lambda client: client.update_runner_description("a", "text"),
        lambda client: client.get_runner_manifest("a"),
    ],
)
def test_a_response_about_a_different_runner(call, client, service) -> None:
    service.replies = [reply(200, {"name": "b", "version": "v2", "url": "/m"})]
    with pytest.raises(InvalidResponseError, match="describes a different runner"):
        call(client)


def test_a_runner_without_a_name_is_the_requested_one(client, service) -> None:
    service.replies = [reply(200, {"version": 2})]
    assert client.describe_runner("a").name == "a"
