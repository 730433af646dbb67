"""A manifest's URL is a secret and untrusted: it is validated and never shown."""

import logging

import pytest

from kubiya_pulumi.api import (
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
    UnexpectedStatusError,
)
from kubiya_pulumi.errors import KubiyaError
from tests.api.scripted_service import ScriptedService, drop, raw, reply, truncate

SECRET = "runner-prod-5e77ab"
PATH = f"/manifests/{SECRET}.yaml?signature={SECRET}"


def test_a_relative_url_is_resolved_against_the_base_url(connect, service) -> None:
    client = connect(service.url + "/kubiya")
    service.replies = [reply(200, "kind: Namespace")]
    client.download_manifest("/manifests/a.yaml", runner="a")
    client.download_manifest("manifests/a.yaml", runner="a")
    client.download_manifest(f" {service.url}/b.yaml#part\n", runner="a")
    assert service.targets == ["/manifests/a.yaml", "/kubiya/manifests/a.yaml", "/b.yaml"]


def test_the_text_is_unchanged(client, service) -> None:
    text = "\ufeff# Läufer\r\nkind: Namespace\n---\n"
    service.replies = [reply(200, text.encode(), Content_Type="text/html; charset=latin-1")]
    assert client.download_manifest("/m", runner="a") == text


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://a.example/m", "is not https:// (http://a.example)"),
        ("http://user:password@10.0.0.1:80/m", "is not https:// (http://10.0.0.1:80)"),
        ("http://127.0.0.1.a.example/m", "is not https:// (http://127.0.0.1.a.example)"),
        ("file:///etc/passwd", "is not an http:// or https:// URL"),
        ("ftp://a.example/m", "is not an http:// or https:// URL"),
        ("https://", "is not"),
        ("http://[", "is not a valid URL"),
        ("https://a.example:99999/m", "is not a valid URL"),
        ("https://a.example/a b", "contains a space"),
        ("http://127.0.0.1\\@a.example/m", "contains a space, a backslash"),
        ("", "contains no manifest URL"),
        ("  ", "contains no manifest URL"),
    ],
)
def test_an_invalid_url_is_not_requested(url, problem, client, service, key) -> None:
    with pytest.raises(InvalidResponseError) as raised:
        client.download_manifest(url, runner="a")
    assert problem in str(raised.value)
    assert "password" not in str(raised.value)
    assert service.requests == []


def test_redirects_to_other_hosts_are_followed(client, service) -> None:
    with ScriptedService() as other:
        other.replies = [reply(200, "kind: Namespace")]
        service.replies = [reply(302, b"", Location=other.url + PATH)]
        assert client.download_manifest("/m", runner="a") == "kind: Namespace"
        assert other.targets == [PATH]
        assert "authorization" not in other.requests[0].headers


def test_up_to_five_redirects_are_followed(client, service) -> None:
    onward = reply(302, b"", Location=PATH)
    service.replies = [*[onward] * 5, reply(200, "kind: Namespace")]
    assert client.download_manifest("/m", runner="a") == "kind: Namespace"

    service.requests.clear()
    service.replies = [onward]
    with pytest.raises(UnexpectedStatusError, match="too many redirects") as raised:
        client.download_manifest("/m", runner="a")
    assert len(service.requests) == 6
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("location", ["http://a.example/" + SECRET, "file:///" + SECRET])
def test_a_redirect_to_an_invalid_url_is_rejected(location, client, service) -> None:
    service.replies = [reply(302, b"", Location=location)]
    with pytest.raises(InvalidResponseError) as raised:
        client.download_manifest("/m", runner="a")
    assert SECRET not in str(raised.value)


def test_a_redirect_without_a_target(client, service) -> None:
    service.replies = [reply(302)]
    with pytest.raises(UnexpectedStatusError, match="302: Found"):
        client.download_manifest("/m", runner="a")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"<!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (b"\xef\xbb\xbf \n<html>", "is a web page"),
    ],
)
def test_a_body_that_is_not_a_manifest(body, problem, client, service) -> None:
    service.replies = [reply(200, body)]
    with pytest.raises(InvalidResponseError, match=problem):
        client.download_manifest("/m", runner="a")


FAILURES = [
    (reply(403, f"<Error><Key>{SECRET}</Key></Error>"), ForbiddenError),
    (reply(404, f"Cannot GET {PATH}"), NotFoundError),
    (reply(404, {"error": {"code": SECRET, "message": PATH}}), NotFoundError),
    (reply(500, f"no {PATH}"), ServerError),
    (reply(302, b"", Location=PATH), UnexpectedStatusError),
    (drop, KubiyaError),
    (truncate, InvalidResponseError),
    (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n bad\r\nx y: z\r\n\r\n<html>   "), KubiyaError),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES)
def test_no_error_or_log_contains_the_url(failure, kind, connect, service, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    service.replies = [failure]
    with pytest.raises(kind) as raised:
        connect(service.url, max_retries=1).download_manifest(service.url + PATH, runner="a")
    text = f"{raised.value} {raised.value!r} {raised.value.__context__!r} {caplog.text}"
    assert SECRET not in text + "".join(capfd.readouterr())
    assert service.requests[0].target == PATH


def test_a_download_does_not_suppress_the_log_of_other_requests(client, service, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    service.replies = [reply(200, "kind: Namespace"), reply(200, [])]
    client.download_manifest(PATH, runner="a")
    client.list_runners()
    assert "/api/v3/runners" in caplog.text


def test_no_repr_contains_the_url(client, service) -> None:
    service.replies = [reply(200, {"manifest_url": PATH, "manifest_content": SECRET})]
    assert SECRET not in repr(client.get_runner_manifest("a"))
    assert SECRET not in repr(client.create_runner("a"))


@pytest.mark.parametrize(("status", "kind"), [(403, ForbiddenError), (404, NotFoundError)])
def test_the_advice_concerns_the_url_and_not_the_key(status, kind, client, service) -> None:
    service.replies = [reply(status)]
    with pytest.raises(kind, match="URL may have expired") as raised:
        client.download_manifest("/m", runner="a")
    assert "apiKey" not in str(raised.value)
