"""What to do about a failed request, for each place where its error is read.

A stack has a configuration, so the advice for it names settings and their environment variables. A
command has no stack, so the advice for it names only the variables.
"""

from __future__ import annotations

from dataclasses import dataclass

STORED_SETTINGS = (
    "`pulumi refresh` and `pulumi destroy` use the configuration that the last `pulumi up` stored, "
    "unless you pass --run-program"
)
"""What a user of these commands must know about settings. Both run the program if asked to."""


@dataclass(frozen=True)
class Advice:
    """What to do about an error."""

    in_stack: str
    """For a user of Pulumi."""
    in_command: str
    """For a user of the command `kubiya-pulumi`."""
    names_setting: bool = False
    """Whether it is about a setting, which refresh and destroy take from the state."""


BASE_URL_SETTING = "kubiya:baseUrl (or KUBIYA_BASE_URL, or base_url of the KubiyaProvider)"
"""How advice for a user of Pulumi names the base URL: where it can be set."""
_API_KEY = "kubiya:apiKey (or KUBIYA_API_KEY, or api_key of the KubiyaProvider)"
_CA_BUNDLE = "kubiya:caBundle (or ca_bundle of the KubiyaProvider)"
_TIMEOUT = "kubiya:timeoutSeconds (or timeout_seconds of the KubiyaProvider)"


def _advice(text: str) -> Advice:
    """Return advice for both. `{base_url}` and `{api_key}` become what each can set."""
    stack = text.format(base_url=BASE_URL_SETTING, api_key=_API_KEY)
    command = text.format(base_url="KUBIYA_BASE_URL", api_key="KUBIYA_API_KEY")
    return Advice(stack, command, names_setting=stack != text)


DEFAULT = _advice("Check the service's message, then retry")
BAD_REQUEST = _advice(
    "Fix the problem that the message describes. The usual cause is the runner's name"
)
UNAUTHORIZED = Advice(
    in_stack="The API key was rejected: set a valid one with "
    "`pulumi config set --secret kubiya:apiKey`, in KUBIYA_API_KEY, or as api_key of the "
    "KubiyaProvider",
    in_command="The API key was rejected: set KUBIYA_API_KEY to a valid one",
    names_setting=True,
)
FORBIDDEN = _advice("The API key lacks the permission: grant it, or set another key in {api_key}")
NOT_FOUND = _advice("Check the runner's name and {base_url}")
CONFLICT = _advice(
    "A runner with this name may already exist: choose a different name or adopt that runner"
)
RATE_LIMITED = Advice(in_stack="A lower --parallel sends fewer requests at once", in_command="")
SERVER_FAILED = _advice("The fault is in the service")
WRONG_SERVER = _advice("Check that {base_url} is the base URL of the API")
FEWER_CALLS = _advice("Retry with fewer concurrent calls")
CONNECTION_FAILED = _advice("Check {base_url}, the network and the proxy settings, then retry")
PROXY_REFUSED = _advice("Check HTTPS_PROXY (or ALL_PROXY) and NO_PROXY in the environment")
TLS_FAILED = Advice(
    in_stack=f"Check {BASE_URL_SETTING}. If the service uses a private certificate authority, set "
    f"{_CA_BUNDLE} to its PEM file",
    in_command="Check KUBIYA_BASE_URL. If the service uses a private certificate authority, set "
    "REQUESTS_CA_BUNDLE to its PEM file",
    names_setting=True,
)
TIMED_OUT = Advice(
    in_stack=f"Retry, or increase {_TIMEOUT}", in_command="Retry", names_setting=True
)
TRUNCATED = _advice("Check the network, then retry")

# A manifest's URL is a secret that the API returns, and may lead to another host. Its download
# uses neither the base URL nor the API key.
EXPIRED_URL = _advice("The manifest's URL may have expired: re-run the command to get a new one")
DOWNLOAD_SERVER = _advice("Check the host that serves the manifest")
DOWNLOAD_INVALID = _advice(
    "Check the manifest's URL that the API returns, and the host that serves the manifest"
)
DOWNLOAD_CONNECTION_FAILED = _advice(
    "Check the network, the proxy settings and the host that serves the manifest, then retry"
)
DOWNLOAD_TLS_FAILED = Advice(
    in_stack="Check the host that serves the manifest. If it uses a private certificate authority, "
    f"set {_CA_BUNDLE} to its PEM file",
    in_command="Check the host that serves the manifest. If it uses a private certificate "
    "authority, set REQUESTS_CA_BUNDLE to its PEM file",
    names_setting=True,
)
