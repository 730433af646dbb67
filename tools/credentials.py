"""Create the credentials of a control plane: a signing key and a kubeconfig."""

from __future__ import annotations

import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner can read, and return its path."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def new_signing_key() -> str:
    """Return a new P-256 private key in PEM format.

    The standard library cannot generate one. The key is an RFC 5915 structure: a constant header,
    32 random bytes and the identifier of the curve. About once in 2^32 times the random number
    exceeds the order of the curve, which makes the key invalid; the control plane then does not
    start.
    """
    header, curve = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")
    text = b64encode(header + secrets.token_bytes(32) + curve).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n"


def kubeconfig(port: int, token: str, authority: Path) -> dict[str, Any]:
    """Return a kubeconfig for a server on 127.0.0.1.

    Args:
        port: the port of the server.
        token: the bearer token of the user.
        authority: the file with the certificate to verify the server with.
    """
    server = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": b64encode(authority.read_bytes()).decode(),
    }
    name = "control-plane"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
