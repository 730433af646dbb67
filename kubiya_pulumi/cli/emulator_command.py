"""The command `emulator`: run the emulator until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from kubiya_pulumi.cli.files import FileError, require_regular_file, write_message, write_text
from kubiya_pulumi.emulator.options import EmulatorOptions

if TYPE_CHECKING:
    from kubiya_pulumi.emulator import Call

EXTRA_MODULES = frozenset({"starlette", "uvicorn", "anyio", "h11"})
"""Modules of the packages in the extra `emulator`."""

_SERVER_OPTIONS = ("host", "port", "state", "follow_cluster")
"""The arguments of `Emulator` that are not fields of `EmulatorOptions`."""


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
        The exit status: 0 if a signal stopped the emulator, 2 if it could not start; stderr then
        says why.

    Raises:
        FileError: the URL file or the output cannot be written.
    """
    try:
        from kubiya_pulumi.emulator import Emulator, EmulatorError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA_MODULES:
            raise
        write_message("The emulator requires an extra: pip install 'kubiya-pulumi[emulator]'")
        return 2
    names = [*_SERVER_OPTIONS, *(option.name for option in fields(EmulatorOptions))]
    arguments = {name: getattr(options, name) for name in names}
    stop = threading.Event()
    with _stop_on_signals(stop):
        try:
            with (
                Emulator(**arguments, on_call=None if options.quiet else _print_call) as emulator,
                _url_file(options.url_file, emulator.url),
            ):
                _print_greeting(emulator.url, any_key=emulator.options.api_key is None)
                stop.wait()
        except EmulatorError as error:
            write_message(str(error))
            return 2
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
    write_text(
        f"Runners API emulator on {url}\n"
        f"  for a shell:  export KUBIYA_BASE_URL={url} KUBIYA_API_KEY={key}\n"
        f"  for a stack:  pulumi config set kubiya:baseUrl {url}\n"
        f"                pulumi config set --secret kubiya:apiKey {key}\n"
    )


def _print_call(call: Call) -> None:
    write_message(f"{call.method} {call.path} {call.status or '-'}")


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


@contextmanager
def _url_file(path: Path | None, url: str) -> Iterator[None]:
    """Keep the URL in a file while the block runs.

    The file is written in one step, so that a reader never sees a part of it.

    Raises:
        FileError: the file cannot be written, or is a device, a pipe or a folder.
    """
    if path is None:
        yield
        return
    require_regular_file(path, f"the URL file {path}")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{url}\n")
        Path(temporary).replace(path)
    except OSError as error:
        raise FileError(f"the URL file {path} cannot be written: {error.strerror}.") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
