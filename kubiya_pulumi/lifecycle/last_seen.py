"""What a state remembers of a runner: where, as whom and with which owner it was last seen.

With other settings the same list is that of another service, or of another organization. There a
missing runner proves nothing about the one in the state.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.api.place import Place
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.lifecycle.errors import RunnerElsewhereError
from kubiya_pulumi.lifecycle.ownership import known_owner, reported_owner
from kubiya_pulumi.text import sanitize


def first_seen(place: Place, runner: Runner | None) -> dict[str, str]:
    """Return what to remember of a runner at its creation or adoption.

    Args:
        place: where it was found.
        runner: the runner as the service reports it. None if that is unknown, or if its owner does
            not matter.
    """
    owner = {} if runner is None else reported_owner(runner)
    return {"base_url": place.base_url, "account": place.account, **owner}


def still_seen(state: RunnerState, place: Place, runner: Runner | None) -> dict[str, str]:
    """Return what to remember of a runner that is still the one in the state."""
    return {**first_seen(place, runner), **known_owner(state)}


def require_seen_here(api: RunnersApi, name: str, last_seen: Mapping[str, str] | None) -> None:
    """Check that a missing runner is gone, and not only invisible with other settings.

    Args:
        api: the API, whose list lacks the runner.
        name: the runner's name.
        last_seen: what the state remembers of it. None in a state of an older version.

    Raises:
        RunnerElsewhereError: the runner was last seen at another service, or with the key of
            another organization.
    """
    seen, place = last_seen or {}, api.place
    base_url, account = seen.get("base_url", place.base_url), seen.get("account", place.account)
    if base_url != place.base_url:
        where = f"at {sanitize(base_url)}"
        fix = "Set the base URL (kubiya:baseUrl, or that of the provider) back to that"
    elif account != place.account:
        where = "with an API key of another organization, or with another API key"
        fix = "Set that API key (kubiya:apiKey, or that of the provider)"
    else:
        return
    raise RunnerElsewhereError(
        f'runner "{name}" was not found at {place.base_url}, which does not prove that it '
        f"is gone: it was last seen {where}. {fix}; or, to remove it from this stack's state, use "
        "`pulumi state delete`."
    )
