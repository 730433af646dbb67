"""The API key is sent only to the API, and nothing else is sent instead of it."""

import logging

import pytest

from kubiya_pulumi.api import ApiError, Connection, RunnersClient, UnexpectedStatusError
from kubiya_pulumi.errors import KubiyaError
from tests.api.scripted_service import ScriptedService, drop, reply


@pytest.fixture
def _netrc(tmp_path, monkeypatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))


@pytest.mark.usefixtures("_netrc")
def test_netrc_does_not_replace_the_key(client, service, key) -> None:
    service.replies = [reply(200, [])]
    client.list_runners()
    assert service.requests[0].headers["authorization"] == f"UserKey {key}"


@pytest.mark.usefixtures("_netrc")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_download_carries_no_credentials(status, client, service) -> None:
    service.replies = [
        reply(status, "moved", Location="/elsewhere?token=1", Set_Cookie="a=b"),
        reply(200, "kind: Namespace"),
    ]
    url = service.url.replace("//", "//user:password@") + "/manifests/a.yaml"
    assert client.download_manifest(url, runner="a") == "kind: Namespace"
    assert service.targets == ["/manifests/a.yaml", "/elsewhere?token=1"]
    for request in service.requests:
        assert {"authorization", "cookie"}.isdisjoint(request.headers)


@pytest.mark.usefixtures("_netrc")
def test_a_cookie_is_not_sent_back(client, service) -> None:
    service.replies = [reply(200, [], Set_Cookie="session=1")]
    client.list_runners()
    client.list_runners()
    assert "cookie" not in service.requests[1].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_api_is_not_followed(status, client, service) -> None:
    with ScriptedService() as other:
        other.replies = [reply(200, [])]
        service.replies = [reply(status, "x" * 100, Location=f"{other.url}/secret-path?token=1")]
        with pytest.raises(UnexpectedStatusError) as raised:
            client.list_runners()
        assert other.requests == []
    assert f"it redirects to {other.url}." in str(raised.value)
    assert "secret" not in str(raised.value)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login", "http://127.0.0.1:"),
        ("https://user:password@a.example/x", "https://a.example."),
        ("http://[", "an invalid URL"),
        ("mailto:someone", "an invalid URL"),
    ],
)
def test_only_the_origin_of_a_redirect_is_shown(location, shown, client, service) -> None:
    service.replies = [reply(302, b"", Location=location)]
    with pytest.raises(UnexpectedStatusError) as raised:
        client.list_runners()
    assert shown in str(raised.value)
    assert "password" not in str(raised.value)


def test_a_redirect_without_a_target(client, service) -> None:
    service.replies = [reply(302)]
    with pytest.raises(UnexpectedStatusError, match="302: Found"):
        client.list_runners()


@pytest.mark.parametrize(
    "body",
    [
        "no such key: {key}",
        '{{"error": {{"code": "{key}", "message": "key {key} is unknown"}}}}',
        '{{"message": "{key}"}}',
        "<html><title>{key}</title></html>",
        "split by control characters: the-\0key-\u200b5ab7f1",
        "x" * 195 + "{key}",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 404, 418, 500])
def test_a_key_in_the_service_message_is_masked(
    status, body, connect, service, key, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    service.replies = [reply(status, body.format(key=key))]
    with pytest.raises(ApiError) as raised:
        connect(service.url, max_retries=0).list_runners()
    error = raised.value
    texts = [str(error), repr(error), error.message, error.code or "", caplog.text]
    assert not any(key in text or key[:8] in text for text in texts)


@pytest.mark.parametrize("failure", [drop, reply(500), reply(200, "<html>"), reply(200, "{")])
def test_no_error_keeps_the_request(failure, connect, service, key) -> None:
    service.replies = [failure]
    with pytest.raises(KubiyaError) as raised:
        connect(service.url, max_retries=1).list_runners()
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert key not in repr(error.__context__)


def test_no_repr_shows_the_key(key) -> None:
    connection = Connection(api_key=key)
    with RunnersClient(connection) as client:
        assert key not in f"{connection!r} {connection} {client!r}"
