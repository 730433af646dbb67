"""The subcommand `emulator`: runs the emulator until it is told to stop."""

import argparse
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubiya_pulumi.emulator import Call

__all__ = ["run"]

_EXTRA = frozenset({"starlette", "uvicorn", "anyio", "h11"})


class _FileError(Exception):
    """A file that was asked for cannot be written."""


def run(arguments: Sequence[str]) -> int:
    """Runs the emulator until SIGINT or SIGTERM.

    Args:
        arguments: what follows `kubiya-pulumi emulator`.

    Returns:
        0 after an orderly end, 1 where it could not start; then stderr says why.
    """
    try:
        from kubiya_pulumi.emulator import Emulator, EmulatorError
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.stderr.write("The emulator needs its extra: pip install 'kubiya-pulumi[emulator]'\n")
        return 1
    options = vars(_parser().parse_args(arguments))
    url_file, quiet = options.pop("url_file"), options.pop("quiet")
    stop = threading.Event()
    with _signals(stop):
        try:
            with Emulator(**options, access=None if quiet else _print_call) as emulator:
                if url_file is not None:
                    _write_whole(url_file, f"{emulator.url}\n")
                _greet(emulator.url, any_key=emulator.switches.api_key is None)
                stop.wait()
        except (EmulatorError, _FileError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    if url_file is not None:
        url_file.unlink(missing_ok=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    """The options; those of the switches come from the switches themselves."""
    from kubiya_pulumi.emulator.options import EmulatorOptions, choices

    parser = argparse.ArgumentParser(
        prog="kubiya-pulumi emulator",
        description="A local Runners API over HTTP, for demos and tests. It listens on this "
        "machine alone, until Ctrl-C.",
        allow_abbrev=False,
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
        "--url-file", metavar="FILE", type=Path, help="a file to write the URL to, once it answers"
    )
    parser.add_argument("--quiet", action="store_true", help="do not print each call to stderr")
    switches, fixed = parser.add_argument_group("how it answers"), choices()
    for each in fields(EmulatorOptions):
        flag, meaning = f"--{each.name.replace('_', '-')}", each.metadata["help"]
        if each.name == "forbidden_keys":
            flag = "--forbidden-key"
            switches.add_argument(
                flag, dest=each.name, metavar="KEY", action="append", default=[], help=meaning
            )
        elif each.name in fixed:
            allowed = fixed[each.name]
            switches.add_argument(flag, choices=allowed, default=each.default, help=meaning)
        elif isinstance(each.default, float):
            switches.add_argument(flag, type=float, metavar="N", default=each.default, help=meaning)
        else:
            switches.add_argument(flag, metavar="KEY", default=each.default, help=meaning)
    return parser


def _greet(url: str, *, any_key: bool) -> None:
    key = "any-key" if any_key else "the-key"
    sys.stdout.write(
        f"Runners API emulator on {url}\n"
        f"  for a shell:  export KUBIYA_BASE_URL={url} KUBIYA_API_KEY={key}\n"
        f"  for a stack:  pulumi config set kubiya:baseUrl {url}\n"
        f"                pulumi config set --secret kubiya:apiKey {key}\n"
    )
    sys.stdout.flush()


def _print_call(call: "Call") -> None:
    with suppress(OSError):  # whoever read the log may be gone
        sys.stderr.write(f"{call.method} {call.path} {call.status or '-'}\n")
        sys.stderr.flush()


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Turns SIGINT and SIGTERM into the event."""
    asked = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in asked}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _write_whole(path: Path, text: str) -> None:
    """Writes the file in one step, so that a reader finds all of it or nothing."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise _FileError(f"The URL file {path} cannot be written: {error.strerror}.") from None
