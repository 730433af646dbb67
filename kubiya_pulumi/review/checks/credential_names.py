"""Names of credentials, and values that are not credentials under any name."""

from __future__ import annotations

import re
from enum import Enum

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SEPARATED_KEY = re.compile(r"[-_. /]key[-_. ]?\d*$", re.IGNORECASE)


class NameKind(Enum):
    """What the name of a value tells about it."""

    HARMLESS = "harmless"
    PASSWORD = "password"  # noqa: S105
    SECRET = "secret"  # noqa: S105
    """A token, a key or another credential that a program generates."""
    OTHER_KEY = "other key"
    """A key that is usually an identifier, such as a primary key."""


_PASSWORDS = ("password", "passwd", "passphrase", "passcode", "pwd")
_SECRETS = ("secret", "token", "credential", "credentials", "apikey", "secretkey", "accesskey",
            "privatekey")  # fmt: skip
_WHOLE_WORDS = {
    "pass": NameKind.PASSWORD,
    "authorization": NameKind.SECRET,
    "creds": NameKind.SECRET,
    "seed": NameKind.SECRET,
}

# Before `secret`: the name of a Secret of Kubernetes.
_SECRET_NAMES = frozenset({"cert", "certificate", "existing", "pull", "tls"})
_JOINED_SECRET_NAMES = ("pullsecret", "existingsecret", "tlssecret")

# Before `token`: a position in a list or in a text.
_POSITIONS = """
bos cancellation cls continuation continue eos mask max min next pad page sep stop unk
"""
_COUNTED_TOKENS = frozenset(_POSITIONS.split())

# Before `key`: what makes it a credential, and what makes it an identifier.
_QUALIFIERS = """
access account admin aes api app auth client cookie crypt data deploy encryption fernet gpg hmac
jwt license master pgp private root secret server service session shared signing ssh webhook
"""
_SECRET_KEYS = frozenset(_QUALIFIERS.split())
_PUBLIC_KEYS = frozenset({"public", "pub", "publishable"})
_IDENTIFIERS = """
array bucket cache candidate cluster clustering column composite config consul context correlation
database db dedup deduplication dict dist distribution document dynamodb election entity etcd event
feature field flag foreign group hash hot id idempotency index item job json kafka kv label leader
locale lock lookup map memcached message meta metadata mongo name natural object order param
parameter partition path prefix primary property query queue range record redis registry routing
row search secondary shard shortcut sort state suffix surrogate table tag task topic trace
translation type unique value yaml
"""
_OTHER_KEYS = frozenset(_IDENTIFIERS.split())
_CHECKSUMS = frozenset({"checksum", "digest", "hash", "sha"})


def kind_of(name: str) -> NameKind:
    """Return what the name of a value tells about it.

    Args:
        name: a name in any style: `DB_PASSWORD`, `apiKey`, `nats.creds`.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[0] in _CHECKSUMS:
        return NameKind.HARMLESS
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    if last in _WHOLE_WORDS:
        return _WHOLE_WORDS[last]
    if last.endswith(_PASSWORDS):
        return NameKind.PASSWORD
    if last == "key" and before:
        return _kind_of_key(before, is_separated=_SEPARATED_KEY.search(name) is not None)
    is_reference = last.endswith(_JOINED_SECRET_NAMES) or (
        last == "secret" and before in _SECRET_NAMES
    )
    is_counted = last == "token" and before in _COUNTED_TOKENS
    is_secret = last.endswith(_SECRETS) and not is_reference and not is_counted
    return NameKind.SECRET if is_secret else NameKind.HARMLESS


def _kind_of_key(before: str, *, is_separated: bool) -> NameKind:
    if before in _PUBLIC_KEYS:
        return NameKind.HARMLESS
    if before in _SECRET_KEYS:
        return NameKind.SECRET
    # `nodeKey` is usually a property of something, `STRIPE_KEY` a credential.
    return NameKind.SECRET if is_separated and before not in _OTHER_KEYS else NameKind.OTHER_KEY


_UNIT = r"(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|w|weeks?|[kMGTPE]i?B?)"
_STORES = (
    r"(?:[\w-]{1,20}:)?[\w-]{0,20}(?:vault|secrets?-?manager|secret(?:key)?-?ref|kms)[\w-]{0,20}"
    r"|akeyless|aws-?(?:ps|sm|ssm)|bao|bws|conjur|doppler|env|file|gcpsm|infisical|k8s|op|sm|sops|ssm"
)
_HARMLESS_VALUES = (
    r"",
    r"(?i:true|false|null|nil|none|yes|no|on|off|enabled?|disabled?)",
    # A duration or a size.
    rf"(?:\d+(?:\.\d+)?\s?{_UNIT})+|P(?:\d|T\d)[\dDHMSTWY.]*",
    # A path.
    r"(?:~|\.{1,2})?/[\w./@~-]*|[A-Za-z]:\\[^\s]*",
    # A URL: a password or a token in it has a form of its own.
    r"[A-Za-z][\w+.-]*://\S*",
    # A variable, a template or a placeholder.
    r"\$\$?[({].*|\$[A-Za-z_]\w*|%\w+%|%\(\w+\)s|%\{.*|%env\(.*|\{\{.*|\{%.*|<.*>|@@?\w+@@?",
    # A lookup in the environment by a script or a configuration file.
    r"\$(?i:env):\w+|\$?(?:ENV|env|__(?:env|file|vault))\{[^{}]+\}|#\{[^{}]+\}#?|@env\(.*\)|`[^`]+`",
    r"(?:[A-Za-z_]\w*\.)*env\.[A-Za-z_]\w*",
    r"\*+|[xX]{3,}|\.{3}|…",
    # A reference to a store of secrets, or a value that is encrypted.
    rf"(?i:{_STORES}):\S*|ref\+[\w-]+:\S*|[\w.-]+(?:/[\w.-]+)+#[\w.-]+",
    r"arn:aws[\w-]*:(?:kms|secretsmanager|ssm):\S*|projects/[^\s/]+/secrets/\S*",
    r"@Microsoft\.KeyVault\(.*\)|ENC\[.*\]",
    # The start of a list, a mapping or a text in a file, or an expression of a script.
    r"[{\[].*|[|>][+-]?\d?|(?:[A-Za-z_.]|::){3,}[(\[].*",
    r"!(?:Ref|Sub|secret|(?i:env)(?:_var)?|vault) .*",
)
_HARMLESS = re.compile("|".join(f"(?:{value})" for value in _HARMLESS_VALUES), re.DOTALL)
_DEFAULT = re.compile(r"\$?\$\{\w+:?[-=](.*?)\}?", re.DOTALL)
"""A variable of a shell with a default, which is plain text."""
_SCHEME = re.compile(r"^(?:basic|bearer|token)\s+", re.IGNORECASE)
"""The authentication scheme in an `Authorization` header."""
_NUMBER = re.compile(r"[+-]?\d[\d_]*(?:\.\d+)?%?")
_HEXADECIMAL = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{32,}", re.IGNORECASE)
_BASE64 = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]{20,}={0,2}")
_MIN_NUMERIC_PASSWORD = 6
_MAX_WORDS = 2
"""More words than this are a description, not a generated credential."""


def is_named_credential(name: str, value: str) -> bool:
    """Return whether a value is a credential, judging by its name.

    A number counts only if its name is that of a password and it has enough digits. The value of a
    key that is usually an identifier counts only if it seems generated.
    """
    kind = kind_of(name)
    if kind is NameKind.HARMLESS:
        return False
    content = _SCHEME.sub("", value.strip().rstrip(",; ").strip("\"'"))
    if default := _DEFAULT.fullmatch(content):
        content = default[1]
    if _HARMLESS.fullmatch(content):
        return False
    if _NUMBER.fullmatch(content):
        return kind is NameKind.PASSWORD and len(content) >= _MIN_NUMERIC_PASSWORD
    if kind is NameKind.OTHER_KEY:
        return bool(_HEXADECIMAL.fullmatch(content) or _BASE64.fullmatch(content))
    return kind is NameKind.PASSWORD or len(content.split()) <= _MAX_WORDS
