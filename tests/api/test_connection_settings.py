"""Every invalid setting is rejected before any request, in a single line."""

import dataclasses
import pickle

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.api import Connection, SettingError

KEY = "the-key-5ab7f1"


def _rejected(**settings) -> SettingError:
    """Return the error of a connection with these settings."""
    with pytest.raises(SettingError) as raised:
        Connection(**{"api_key": KEY, **settings})
    error = raised.value
    assert str(error) == error.message
    assert str(error).isprintable()
    assert KEY not in f"{error} {error!r}"
    assert error.problem in error.message
    assert error.failure == f"{error.setting} {error.problem}."
    assert "pulumi" not in error.failure
    assert f"`pulumi config set {'--secret ' if 'api_key' in settings else ''}" in str(error)
    return error


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "is missing"),
        ("  \n", "is missing"),
        (None, "is missing"),
        (7, "is missing"),
        (KEY + "\n", "contains a line break"),
        (KEY + "\r\nX-Other: 1", "contains a line break"),
        ("UserKey " + KEY, "contains a space"),
        (" " + KEY, "contains a space"),
        (KEY + "\t", "contains a space or an invalid character"),
        (KEY + "\0", "contains a space or an invalid character"),
        (KEY + "\x7f", "contains a space or an invalid character"),
        (KEY + "é", "contains a space or an invalid character"),
        (KEY + "ключ", "contains a space or an invalid character"),
        (KEY + "\u2028", "contains a space or an invalid character"),
        (KEY + "\ud800", "contains a space or an invalid character"),
    ],
)
def test_an_invalid_api_key(key, problem) -> None:
    error = _rejected(api_key=key)
    assert error.setting == "kubiya:apiKey"
    assert str(error).startswith(f"kubiya:apiKey (or KUBIYA_API_KEY) {problem}")
    assert error.missing == (problem == "is missing")
    assert "`pulumi config set --secret kubiya:apiKey`" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.kubiya.ai",
        "https://api.kubiya.ai/",
        "HTTPS://API.KUBIYA.AI:8443/prefix/",
        "https://läufer.example",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://127.8.9.10",
        "http://[::1]:8080/prefix",
    ],
)
def test_a_valid_base_url(url) -> None:
    assert Connection(api_key=KEY, base_url=url).base_url == url


@pytest.mark.parametrize("base", ["https://api.kubiya.ai", "http://localhost:8080/prefix"])
@pytest.mark.parametrize("suffix", ["/api/v1", "/api/v1/", "/api/v3", "/api/v3//"])
def test_the_version_of_the_api_is_dropped(base, suffix) -> None:
    assert Connection(api_key=KEY, base_url=base + suffix).base_url == base


@pytest.mark.parametrize("suffix", ["/api/v2", "/api/v1/x", "/api/v11", "/v1", "/xapi/v1", "/api"])
def test_any_other_path_is_kept(suffix) -> None:
    url = f"https://api.kubiya.ai{suffix}"
    assert Connection(api_key=KEY, base_url=url).base_url == url


@pytest.mark.parametrize(
    "url", ["http://api.kubiya.ai/api/v1", "https://u:p@a.ai/api/v1", "/api/v1"]
)
def test_a_base_url_is_checked_before_its_suffix_is_dropped(url) -> None:
    assert _rejected(base_url=url).setting == "kubiya:baseUrl"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is empty"),
        (None, "is empty or not text"),
        (7, "is empty or not text"),
        ("api.kubiya.ai", "is not a valid URL"),
        ("//api.kubiya.ai", "is not a valid URL"),
        ("https://", "is not a valid URL"),
        ("https://[", "is not a valid URL"),
        ("https://a.example:port", "is not a valid URL"),
        ("https://a.example:99999", "is not a valid URL"),
        (f"https://{'a' * 64}ü.example", "is not a valid URL"),
        ("ftp://a.example", "is not an http:// or https:// URL"),
        ("file:///etc/passwd", "is not an http:// or https:// URL"),
        ("localhost:8080", "is not an http:// or https:// URL"),
        ("https://a.example/a b", "contains a space"),
        (" https://a.example", "contains a space"),
        ("https://a.example\n", "contains a space"),
        ("https://a.example\\@b.example", "contains a space, a backslash"),
        ("https://user@a.example", "contains a user name"),
        (f"https://user:{KEY}@a.example", "contains a user name"),
        (f"https://:{KEY}@a.example", "contains a user name"),
        (f"https://a.example?key={KEY}", 'contains "?" or "#"'),
        ("https://a.example/?", 'contains "?" or "#"'),
        ("https://a.example/#", 'contains "?" or "#"'),
        ("http://api.kubiya.ai", "is plain http:// to api.kubiya.ai"),
        ("http://10.0.0.1", "is plain http:// to 10.0.0.1"),
        ("http://0.0.0.0", "is plain http:// to 0.0.0.0"),
        ("http://127.0.0.1.a.example", "is plain http:// to 127.0.0.1.a.example"),
        ("http://localhost.a.example", "is plain http:// to localhost.a.example"),
        ("http://[::2]", "is plain http:// to ::2"),
        ("http://[::]", "is plain http:// to ::"),
        ("http://0", "is plain http:// to 0"),
        ("http://2130706433", "is plain http:// to 2130706433"),
        ("http://0x7f000001", "is plain http:// to 0x7f000001"),
        ("http://0177.0.0.1", "is plain http:// to 0177.0.0.1"),
        ("http://127.1", "is plain http:// to 127.1"),
        ("http://127.0.0.1.evil.com", "is plain http:// to 127.0.0.1.evil.com"),
        ("http://localhost.evil.com", "is plain http:// to localhost.evil.com"),
        ("http://localhost.", "is plain http:// to localhost."),
        ("http://evil.com#@127.0.0.1", 'contains "?" or "#"'),
        ("http://127.0.0.1@evil.com", "contains a user name"),
    ],
)
def test_an_invalid_base_url(url, problem) -> None:
    error = _rejected(base_url=url)
    assert error.setting == "kubiya:baseUrl"
    assert str(error).startswith(f"kubiya:baseUrl (or KUBIYA_BASE_URL) {problem}")


@given(st.text())
def test_any_base_url_is_accepted_or_rejected(url: str) -> None:
    for prefix in ("", "https://", "http://", "https://a.example/"):
        try:
            Connection(api_key=KEY, base_url=prefix + url)
        except SettingError as error:
            assert str(error).isprintable()  # noqa: PT017


@pytest.mark.parametrize("seconds", [0.001, 1, 30, 3600])
def test_a_valid_timeout(seconds) -> None:
    assert Connection(api_key=KEY, timeout_seconds=seconds).timeout_seconds == seconds


@pytest.mark.parametrize(
    "seconds", [0, -1, 3600.1, float("nan"), float("inf"), 10**400, True, "30", None]
)
def test_an_invalid_timeout(seconds) -> None:
    assert _rejected(timeout_seconds=seconds).setting == "kubiya:timeoutSeconds"


@pytest.mark.parametrize("retries", [0, 4, 20])
def test_valid_retries(retries) -> None:
    assert Connection(api_key=KEY, max_retries=retries).max_retries == retries


@pytest.mark.parametrize("retries", [-1, 21, 10**400, 1.5, True, "4", None])
def test_invalid_retries(retries) -> None:
    assert _rejected(max_retries=retries).setting == "kubiya:maxRetries"


def test_a_valid_ca_bundle(tmp_path) -> None:
    path = str(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(path)
    assert Connection(api_key=KEY, ca_bundle=path).ca_bundle == path


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("", "is not a PEM file of certificates"),
        ("hello", "is not a PEM file of certificates"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "is not a PEM file of certificates",
        ),
    ],
)
def test_an_invalid_ca_bundle(content, problem, tmp_path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    error = _rejected(ca_bundle=str(path))
    assert error.setting == "kubiya:caBundle"
    assert str(error).startswith(f"kubiya:caBundle {problem}")


def test_a_ca_bundle_that_is_not_a_file(tmp_path) -> None:
    assert "cannot be read" in str(_rejected(ca_bundle=str(tmp_path)))
    for path in ("", "a\0b", 7, "\ud800"):
        assert _rejected(ca_bundle=path).setting == "kubiya:caBundle"


def test_a_connection_is_immutable_and_hashable() -> None:
    connection = Connection(api_key=KEY)
    assert connection == Connection(
        api_key=KEY,
        base_url="https://api.kubiya.ai",
        timeout_seconds=30.0,
        max_retries=4,
        ca_bundle=None,
    )
    assert hash(connection) == hash(pickle.loads(pickle.dumps(connection)))
    assert KEY not in f"{connection} {connection!r}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        connection.max_retries = 7  # type: ignore[misc]
