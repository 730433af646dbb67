"""The failures in docs/errors.md: the resource that shows each of them, its cause and its fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """A row of the page."""

    resource: str
    """The name of the resource for which the engine prints the message, in `failing_programs`."""
    cause: str
    """Why it happens, as a Markdown sentence."""
    fix: str
    """What to do, as Markdown sentences."""


SECTIONS: dict[str, tuple[Failure, ...]] = {
    "Settings and credentials": (
        Failure(
            "no-key",
            "No API key is set.",
            "Set it. `pulumi config set --secret` encrypts it.",
        ),
        Failure(
            "prefixed-key",
            "The key was copied with the prefix of the HTTP header.",
            "Set the key alone.",
        ),
        Failure(
            "rejected-key",
            "The key is wrong, or was revoked.",
            "Set a valid key.",
        ),
        Failure(
            "stored-key",
            "The key has changed since the last `pulumi up`, and a destroy uses the stored one.",
            "Pass `--run-program`, or run `pulumi up` first: see [key rotation](key-rotation.md).",
        ),
        Failure(
            "forbidden-key",
            "The key is valid, but may not do this.",
            "Grant the permission at Kubiya, or use another key.",
        ),
        Failure(
            "bare-host",
            "The base URL has no scheme.",
            "Write `https://` in front of it.",
        ),
        Failure(
            "plain-http",
            "Plain HTTP would send the key unencrypted.",
            "Use `https://`. Only loopback addresses may have `http://`.",
        ),
        Failure(
            "no-bundle",
            "The file does not exist where `pulumi` runs.",
            "Correct the path, which is relative to the program's folder.",
        ),
    ),
    "Connections": (
        Failure(
            "refused",
            "Nothing listens there, or a firewall rejects the connection.",
            "Correct the base URL, or start the service.",
        ),
        Failure(
            "no-tls",
            "The server does not speak TLS on this port. A certificate of a private authority "
            "causes a similar message.",
            "Correct scheme and port, or set `kubiya:caBundle`.",
        ),
        Failure(
            "slow",
            "The service responds too slowly, or not at all.",
            "Run `pulumi up`, which first finds out whether the runner was created.",
        ),
        Failure(
            "console",
            "The base URL has a path that the API does not have.",
            "Set the base URL without the path.",
        ),
        Failure(
            "web-page",
            "A proxy, a login page or another service responds instead of the API.",
            "Correct the base URL, or exempt the host from the proxy (`NO_PROXY`).",
        ),
        Failure(
            "limited",
            "Too many requests, also after the retries.",
            "Wait, then run `pulumi up`. `--parallel 4` sends fewer requests at once.",
        ),
        Failure(
            "unavailable",
            "The service failed, also after the retries.",
            "Run `pulumi up` later. It first finds out whether the runner was created.",
        ),
    ),
    "Runners": (
        Failure(
            "existing",
            "A runner with this name exists, and the service does not say who owns it.",
            "Choose another name, or adopt the runner: see [existing "
            "runners](kubiya-runner.md#existing-runners).",
        ),
        Failure(
            "owned",
            "Another tool created the runner.",
            "Choose another name. Adopt the runner only if the other tool gives it up.",
        ),
        Failure(
            "renamed",
            "The resource was renamed or moved without `aliases`.",
            "Set `aliases`: see [renamed "
            "resources](interrupted-updates.md#renamed-and-moved-resources).",
        ),
        Failure(
            "invisible",
            "The name is taken where this key sees nothing, or the service still deletes it.",
            "Choose another name, or wait.",
        ),
        Failure(
            "refused-name",
            "The service has rules for names that this package does not know.",
            "Follow the message of the service.",
        ),
        Failure(
            "slash",
            "A name must be one segment of a URL.",
            "Remove the character. The same message appears for the input `name`.",
        ),
        Failure(
            "twin:name",
            "Two resources of the program declare the same runner.",
            "Remove one of them, or give it another name.",
        ),
        Failure(
            "twin:description",
            "YAML reads `123` as a number and `true` as a boolean.",
            'Write `"123"` in the YAML file.',
        ),
        Failure(
            "replaced",
            "Somebody deleted the runner and created another one with its name.",
            "Forget it with `pulumi state delete`, then choose another name or adopt it.",
        ),
        Failure(
            "gone",
            "Somebody deleted the runner.",
            "Run `pulumi up --refresh`, which creates it.",
        ),
        Failure(
            "elsewhere",
            "The base URL or the key has changed, and leads to another service or organization.",
            "Set it back: see [other "
            "settings](interrupted-updates.md#when-the-base-url-or-the-key-changes).",
        ),
        Failure(
            "undeletable",
            "The service does not offer the deletion of runners with this key.",
            "Delete the runner in Kubiya, or keep it with `retain_on_delete`.",
        ),
    ),
    "Manifests and health": (
        Failure(
            "manifest-gone",
            "The runner does not exist, or its name is wrong.",
            "Pass `runner.id` of a `KubiyaRunner`.",
        ),
        Failure(
            "manifest-page",
            "What was downloaded is a web page, for example of a login.",
            "Open the manifest's URL, which Kubiya shows, and check its host.",
        ),
        Failure(
            "manifest-expired",
            "The URL of the manifest is valid for a limited time.",
            "Run `pulumi up`, which gets a new URL.",
        ),
        Failure(
            "denied",
            "The manifest has findings that the policy denies. The message has a line for each.",
            "Change the manifest, or accept a finding: see [the review](review.md).",
        ),
        Failure(
            "pinned",
            "The manifest is another one than the expected one.",
            "Review the new manifest, then set its hash.",
        ),
        Failure(
            "sick",
            "The runner's pods do not run, or cannot reach Kubiya.",
            "`kubectl get pods --all-namespaces` shows them. `pulumi up` resumes the wait.",
        ),
        Failure(
            "health-gone",
            "The runner does not exist, or its name is wrong.",
            "Pass `runner.id` of a `KubiyaRunner`.",
        ),
        Failure(
            "gate:runner",
            "The argument is `None`, or the output of a resource that `--target` leaves out.",
            "Pass a name, or include the other resource with a second `--target`.",
        ),
        Failure(
            "gate:triggers",
            "A stack with an asset in a trigger could not be refreshed or destroyed.",
            "Pass a hash of the file, such as `hashlib.sha256(data).hexdigest()`.",
        ),
    ),
    "Programs": (
        Failure(
            "import",
            "Pulumi cannot find the provider of a Python dynamic resource by an id.",
            "Adopt the runner, or import a file.",
        ),
        Failure(
            "mappings",
            "Only providers have environment variables.",
            "See [other environment variables](kubiya-provider.md#other-environment-variables).",
        ),
        Failure(
            "set",
            "Pulumi cannot send a value of this type to the engine.",
            "Convert it, for example with `sorted(…)` or `str(…)`.",
        ),
        Failure(
            "policy",
            "The policy contains a word that is not a rule.",
            "Correct it: [the rules](review.md).",
        ),
        Failure(
            "get",
            "The runner does not exist, or the key's organization does not have it.",
            "Correct the name, or set another key.",
        ),
    ),
    "The command kubiya-pulumi": (
        Failure(
            "command-key",
            "The command has no stack, so it needs a key in the environment.",
            "`export KUBIYA_API_KEY=…`",
        ),
        Failure(
            "command-gone",
            "The runner does not exist, or its name is wrong.",
            "Correct the name.",
        ),
    ),
}
"""The rows of each table. `resource:property` is the failed check of one property."""
