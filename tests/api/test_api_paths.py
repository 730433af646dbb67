"""The path in the request line is the intended one, whatever the runner's name."""

from urllib.parse import unquote_to_bytes

import pytest

from kubiya_pulumi.api import ApiError, InvalidNameError, NotFoundError, UnexpectedStatusError
from tests.api.scripted_service import reply

UNUSUAL_NAMES = {
    "runner prod": "runner%20prod",
    "Läufer": "L%C3%A4ufer",
    "跑步者": "%E8%B7%91%E6%AD%A5%E8%80%85",
    "100%": "100%25",
    "%2e%2e": "%252e%252e",
    "%2F": "%252F",
    "a%zz": "a%25zz",
    "...": "...",
    ".hidden": ".hidden",
    "a\\b": "a%5Cb",
    "a?b=c": "a%3Fb%3Dc",
    "a#b": "a%23b",
    "a;b,c": "a%3Bb%2Cc",
    "a@b:c": "a%40b%3Ac",
    "a+b&c": "a%2Bb%26c",
    "~a-b_c": "~a-b_c",
    " a ": "%20a%20",
    "{}": "%7B%7D",
    "[x]": "%5Bx%5D",
    "a\u2028b": "a%E2%80%A8b",
    "'\"": "%27%22",
}


@pytest.mark.parametrize(("name", "segment"), UNUSUAL_NAMES.items())
def test_a_name_is_a_single_path_segment(name, segment, client, service) -> None:
    service.replies = [reply()]
    client.delete_runner(name)
    assert service.targets == [f"/api/v3/runners/{segment}"]
    assert unquote_to_bytes(segment).decode() == name


@pytest.mark.parametrize("prefix", ["", "/", "/kubiya", "/kubiya/", "/a%2Fb/c"])
def test_the_base_url_may_have_a_path(prefix, connect, service) -> None:
    service.replies = [reply(200, [])]
    assert connect(service.url + prefix).list_runners() == ()
    assert service.targets == [prefix.rstrip("/") + "/api/v3/runners"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "x" * 254, "\ud800", None, 7])
@pytest.mark.parametrize(
    "method",
    [
        "describe_runner",
        "get_runner_health",
        "create_runner",
        "delete_runner",
        "update_runner_description",
        "get_runner_manifest",
    ],
)
def test_an_invalid_name_sends_no_request(method, name, client, service) -> None:
    description = ("text",) if method == "update_runner_description" else ()
    with pytest.raises(InvalidNameError, match="the runner's name must "):
        getattr(client, method)(name, *description)
    assert service.requests == []


DESCRIBE = [
    "/v1/runners/a/describe",
    "/api/v1/runners/a/describe",
    "/api/v3/runners/a/describe",
    "/api/v3/runners/a",
]
MANIFEST = ["/v1/runners/a/manifest", "/api/v1/runners/a/manifest"]


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("served", [0, 1, 2])
def test_describe_finds_the_served_path(served, status, client, service) -> None:
    service.replies = [reply(status)] * served + [reply(200, {"name": "a"})]
    assert client.describe_runner("a").name == "a"
    assert service.targets == DESCRIBE[: served + 1]

    service.requests.clear()
    client.describe_runner("a")
    assert service.targets == [DESCRIBE[served]], "the path that worked is tried first next time"


@pytest.mark.parametrize("served", [0, 1])
def test_manifest_finds_the_served_path(served, client, service) -> None:
    service.replies = [reply(404)] * served + [reply(200, {"url": "https://a.example/m"})]
    assert client.get_runner_manifest("a").manifest_url == "https://a.example/m"
    client.get_runner_manifest("a")
    assert service.targets == [*MANIFEST[: served + 1], MANIFEST[served]]


def test_a_runner_that_no_path_returns_is_the_404_of_the_first_path(client, service) -> None:
    service.replies = [
        reply(404, {"error": {"code": "not_found", "message": "Runner not found"}}),
        reply(404, "404 page not found"),
        reply(404, "404 page not found"),
    ]
    with pytest.raises(NotFoundError) as raised:
        client.describe_runner("a")
    assert (raised.value.code, raised.value.message) == ("not_found", "Runner not found")
    assert service.targets == DESCRIBE


def test_a_404_among_405s_is_raised(client, service) -> None:
    service.replies = [reply(405), reply(404), reply(405)]
    with pytest.raises(NotFoundError):
        client.describe_runner("a")


def test_a_405_of_every_path_is_raised(client, service) -> None:
    service.replies = [reply(405)]
    with pytest.raises(UnexpectedStatusError, match="405"):
        client.get_runner_manifest("a")
    assert service.targets == MANIFEST


@pytest.mark.parametrize("status", [400, 401, 403, 409])
def test_other_errors_end_the_search(status, client, service) -> None:
    service.replies = [reply(404), reply(status)]
    with pytest.raises(ApiError) as raised:
        client.describe_runner("a")
    assert raised.value.status == status
    assert service.targets == DESCRIBE[:2]


@pytest.mark.parametrize("status", [404, 405])
def test_operations_with_one_path_do_not_search(status, client, service) -> None:
    service.replies = [reply(status)]
    for call in (
        client.list_runners,
        lambda: client.get_runner_health("a"),
        lambda: client.create_runner("a"),
        lambda: client.delete_runner("a"),
        lambda: client.update_runner_description("a", ""),
    ):
        service.requests.clear()
        with pytest.raises(ApiError):
            call()
        assert len(service.requests) == 1
