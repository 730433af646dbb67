"""The command `emulator`: run the emulator until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from kubiya_pulumi.emulator.options import EmulatorOptions

if TYPE_CHECKING:
    from kubiya_pulumi.emulator import Call

EXTRA_MODULES = frozenset({"starlette", "uvicorn", "anyio", "h11"})
"""Modules of the packages in the extra `emulator`."""

_SERVER_OPTIONS = ("host", "port", "state", "follow_cluster")
"""The arguments of `Emulator` that are not fields of `EmulatorOptions`."""


class _FileError(Exception):
    """The URL file cannot be written."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Run a local Runners API over HTTP, for demos and tests. It serves only this machine and "
        "runs until Ctrl-C."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port; by default a free one")
    parser.add_argument("--state", metavar="FILE", help="the file that keeps the runners")
    parser.add_argument(
        "--follow-cluster",
        metavar="KUBECONFIG",
        help="a runner is healthy only while its Deployments are available in this cluster",
    )
    parser.add_argument(
        "--url-file",
        metavar="FILE",
        type=Path,
        help="the file to write the URL to when it is ready",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print calls to stderr")
    _add_option_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Run the emulator until SIGINT or SIGTERM.

    Args:
        options: the parsed arguments.

    Returns:
        The exit status: 0 if a signal stopped the emulator, 1 if it could not start; stderr then
        says why.
    """
    try:
        from kubiya_pulumi.emulator import Emulator, EmulatorError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA_MODULES:
            raise
        sys.stderr.write("The emulator requires an extra: pip install 'kubiya-pulumi[emulator]'\n")
        return 1
    names = [*_SERVER_OPTIONS, *(option.name for option in fields(EmulatorOptions))]
    arguments = {name: getattr(options, name) for name in names}
    stop = threading.Event()
    with _stop_on_signals(stop):
        try:
            with Emulator(**arguments, on_call=None if options.quiet else _print_call) as emulator:
                if options.url_file is not None:
                    _write_atomically(options.url_file, f"{emulator.url}\n")
                _print_greeting(emulator.url, any_key=emulator.options.api_key is None)
                stop.wait()
        except (EmulatorError, _FileError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    if options.url_file is not None:
        options.url_file.unlink(missing_ok=True)
    return 0


def _add_option_flags(parser: argparse.ArgumentParser) -> None:
    """Add one flag for each field of `EmulatorOptions`."""
    group = parser.add_argument_group("options of the API")
    for option in fields(EmulatorOptions):
        flag = f"--{option.name.replace('_', '-')}"
        help_text, choices = option.metadata["help"], option.metadata["choices"]
        if option.name == "forbidden_keys":
            group.add_argument(
                "--forbidden-key",
                dest=option.name,
                metavar="KEY",
                action="append",
                default=[],
                help=help_text,
            )
        elif choices:
            group.add_argument(flag, choices=choices, default=option.default, help=help_text)
        elif isinstance(option.default, float):
            group.add_argument(
                flag, type=float, metavar="N", default=option.default, help=help_text
            )
        else:
            group.add_argument(flag, metavar="KEY", default=option.default, help=help_text)


def _print_greeting(url: str, *, any_key: bool) -> None:
    key = "any-key" if any_key else "the-key"
    sys.stdout.write(
        f"Runners API emulator on {url}\n"
        f"  for a shell:  export KUBIYA_BASE_URL={url} KUBIYA_API_KEY={key}\n"
        f"  for a stack:  pulumi config set kubiya:baseUrl {url}\n"
        f"                pulumi config set --secret kubiya:apiKey {key}\n"
    )
    sys.stdout.flush()


def _print_call(call: Call) -> None:
    with suppress(OSError):  # stderr may be a closed pipe
        sys.stderr.write(f"{call.method} {call.path} {call.status or '-'}\n")
        sys.stderr.flush()


@contextmanager
def _stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set the event on SIGINT and SIGTERM while the block runs."""
    previous = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _write_atomically(path: Path, text: str) -> None:
    """Write a file in one step, so that a reader never sees a part of it.

    Raises:
        _FileError: the file cannot be written.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise _FileError(f"The URL file {path} cannot be written: {error.strerror}.") from None
