"""Names and labels that the API server refuses.

The rules: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, get_path
from kubiya_pulumi.review.kubernetes.inventory import Item
from kubiya_pulumi.text import join_quoted

_MAX_SUBDOMAIN = 253
_MAX_LABEL = 63

_DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL = re.compile(_DNS_LABEL)
_SERVICE = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*")
_QUALIFIED = re.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")

_NAMED_BY_LABEL = frozenset({"Namespace", "StatefulSet"})
_NAMED_BY_PATH_SEGMENT = frozenset(
    {
        *("CertificateSigningRequest", "Event", "PodDisruptionBudget"),
        *("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    }
)
# The names of these kinds repeat a signer or an IP address.
_NAMED_BY_CONTENT = frozenset({"ClusterTrustBundle", "IPAddress"})


def name_problems(item: Item) -> Iterator[str]:
    """Yield a sentence for an invalid name, and one for each kind of invalid label."""
    yield from _object_name_problems(item.reference.kind, item.reference.name)
    labels = as_mapping(get_path(item.body, "metadata", "labels"))
    if keys := [str(key) for key in labels if not _is_label_key(str(key))]:
        yield (
            f"The keys of labels {join_quoted(keys)} are invalid; use up to {_MAX_LABEL} "
            'letters, digits, "-", "_" and ".", after an optional domain and "/".'
        )
    texts = ((key, value) for key, value in labels.items() if isinstance(value, str))
    if keys := [str(key) for key, value in texts if value and not _is_qualified(value)]:
        yield (
            f"The values of labels {join_quoted(keys)} are invalid; use up to {_MAX_LABEL} "
            'letters, digits, "-", "_" and ".".'
        )


def _object_name_problems(kind: str, name: str) -> Iterator[str]:
    quoted = join_quoted([name])
    if kind in _NAMED_BY_CONTENT:
        return
    if kind in _NAMED_BY_PATH_SEGMENT:
        if name in (".", "..") or "/" in name or "%" in name:
            yield f'The name {quoted} is invalid; use a name without "/" and "%".'
    elif kind in _NAMED_BY_LABEL:
        if len(name) > _MAX_LABEL or not _LABEL.fullmatch(name):
            yield (
                f"The name {quoted} is invalid; use up to {_MAX_LABEL} lower-case letters, "
                'digits and "-".'
            )
    elif kind == "Service":
        if len(name) > _MAX_LABEL or not _SERVICE.fullmatch(name):
            yield (
                f"The name {quoted} is invalid; use a lower-case letter, and after it up to "
                f'{_MAX_LABEL - 1} lower-case letters, digits and "-".'
            )
    elif len(name) > _MAX_SUBDOMAIN or not _SUBDOMAIN.fullmatch(name):
        yield (
            f"The name {quoted} is invalid; use up to {_MAX_SUBDOMAIN} lower-case letters, "
            'digits, "-" and ".".'
        )


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    is_prefix = len(prefix) <= _MAX_SUBDOMAIN and _SUBDOMAIN.fullmatch(prefix) is not None
    return _is_qualified(name) and (is_prefix or not slash)


def _is_qualified(text: str) -> bool:
    return len(text) <= _MAX_LABEL and _QUALIFIED.fullmatch(text) is not None
