"""What a control plane and its users trust each other by: a signing key and a kubeconfig."""

from __future__ import annotations

import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> Path:
    """Write a file that nobody else may read."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def new_signing_key() -> str:
    """A P-256 private key in PEM, which the standard library has no function for.

    The key is an RFC 5915 structure of a constant frame around 32 random bytes: version,
    key, curve. A number as high as the curve's order, which would be no key, comes up once
    in 2^32 times; the start then fails with a clear error.
    """
    frame, curve = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")
    text = b64encode(frame + secrets.token_bytes(32) + curve).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n"


def kubeconfig(port: int, token: str, authority: Path) -> dict[str, Any]:
    """A kubeconfig for a server on a port of 127.0.0.1, its certificate checked."""
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
