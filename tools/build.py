#!/usr/bin/env python3
"""Put the real toolchain into `.tools/bin`: Pulumi's engine, its plugins, a control plane.

What is installed already is used and not built. What has to be built is built from the
pinned Go modules beside this file, once for a machine: the result is kept in a cache
outside the clone, keyed by the pins, and linked into `.tools/bin`. Standard library only,
because it runs before anything is installed.

    tools/build.py            everything that is missing
    tools/build.py pulumi …   these only
    tools/build.py --list     what is there, what would be built, and why

Environment: KUBIYA_PULUMI_TOOLS is the cache's folder (default: kubiya-pulumi/tools in
the user's cache folder). KUBECONFIG names a cluster to use in place of the control plane.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import filecmp
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from installed import found
from pins import TOOLS, Copy, Tool

HERE = Path(__file__).resolve().parent
LINKS = HERE.parent / ".tools" / "bin"
PROGRESS_SECONDS = 10.0
GO = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
"""Settings that the pins rely on, whatever the user's own Go is set to."""


def cache_folder() -> Path:
    """Where builds are kept, outside every clone."""
    if chosen := os.environ.get("KUBIYA_PULUMI_TOOLS"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kubiya-pulumi" / "tools"


def key(tool: Tool) -> str:
    """A hash of what decides the build: the recipe, the module's files, the machine's kind."""
    digest = hashlib.sha256(repr((tool, platform.system(), platform.machine())).encode())
    for path in sorted((HERE / tool.folder).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build_folder(tool: Tool) -> Path:
    """The folder in the cache that holds the tool once it is built."""
    return cache_folder() / f"{tool.name}-{key(tool)}"


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"tools: {text}", flush=True)


@contextlib.contextmanager
def announced(text: Callable[[], str]) -> Iterator[None]:
    """Say `text()` and the time taken every few seconds for as long as the block runs."""
    began, over = time.monotonic(), threading.Event()

    def announce() -> None:
        while not over.wait(PROGRESS_SECONDS):
            say(f"  {text()}, {time.monotonic() - began:.0f} s")

    thread = threading.Thread(target=announce)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time build a tool: two clones may be set up at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting = f"waiting for another set-up that builds {path.stem}"
            say(waiting)
            with announced(lambda: waiting):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def go(work: Path, *arguments: str, each_line: Callable[[str], None]) -> str:
    """Run Go in `work` and return what it prints; errors end the set-up.

    Args:
        work: folder with the module.
        arguments: the command's arguments.
        each_line: called with each line that Go writes to its standard error.
    """
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            ["go", *arguments],
            cwd=work,
            env={**os.environ, **GO},
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        tail: list[str] = []
        try:
            for line in process.stderr or ():
                tail = [*tail[-20:], line]
                each_line(line)
        except BaseException:
            process.terminate()
            raise
        if process.wait():
            sys.stderr.writelines(tail)
            raise SystemExit(f"tools: go {arguments[0]} failed; the lines above are Go's")
        output.seek(0)
        return output.read()


def copy(work: Path, what: Copy, to: Path) -> None:
    """Copy files of a module that `work` requires, joined into one, into the folder `to`."""
    go(work, "mod", "download", what.module, each_line=lambda _: None)
    found_in = go(work, "list", "-m", "-f", "{{.Dir}}", what.module, each_line=lambda _: None)
    texts = [Path(found_in.strip(), source).read_text() for source in what.sources]
    target = to / what.to
    target.write_text("\n---\n".join(texts))
    target.chmod(0o755 if texts[0].startswith("#!") else 0o644)


def compile_package(tool: Tool, work: Path, to: Path) -> None:
    """Run `go build`, saying every few seconds how many packages are compiled."""
    compiled: list[str] = []
    with announced(lambda: f"{tool.name}: {len(compiled)} packages compiled"):
        go(
            work, "build", "-v", "-trimpath", "-ldflags", f"-s -w {tool.ldflags}",
            "-o", str(to / tool.name), tool.package,
            each_line=lambda line: None if line.startswith("go: ") else compiled.append(line),
        )  # fmt: skip


def build(tool: Tool) -> None:
    """Build the tool into the cache. A build that is broken off leaves nothing looking complete."""
    final = build_folder(tool)
    with locked(cache_folder() / f"{tool.name}.lock"):
        if final.exists():
            return
        prefix = f".{tool.name}."
        for remains in cache_folder().glob(f"{prefix}*"):
            shutil.rmtree(remains)
        say(f"building {tool.name}, about {tool.minutes:g} min on 2 cores")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=prefix, dir=cache_folder()) as scratch:
            out, work = Path(scratch, "out"), Path(scratch, "work")
            out.mkdir()
            shutil.copytree(HERE / tool.folder, work)
            for embed in tool.embeds:
                copy(work, embed, work)
            compile_package(tool, work, out)
            for companion in tool.companions:
                copy(work, companion, out)
            out.rename(final)
        say(f"built {tool.name} in {time.monotonic() - began:.0f} s")


def link(path: Path) -> None:
    """Put a file into `.tools/bin` under its own name.

    By a hard link, or a copy where the file system has none: the language host looks for
    its companions beside itself, and a symbolic link would lead it out of `.tools/bin`.
    """
    LINKS.mkdir(parents=True, exist_ok=True)
    target = LINKS / path.name
    # A copy keeps the time stamp, so that size and time tell whether it is up to date.
    if target.exists() and not target.is_symlink() and filecmp.cmp(path, target, shallow=True):
        return
    with tempfile.TemporaryDirectory(dir=LINKS) as scratch:
        fresh = Path(scratch, path.name)
        try:
            fresh.hardlink_to(path)
        except OSError:
            shutil.copy2(path, fresh)
        fresh.replace(target)


def unlink(tool: Tool) -> None:
    """Take files out of `.tools/bin` that would hide what is installed."""
    for name in (tool.name, *(companion.to for companion in tool.companions)):
        (LINKS / name).unlink(missing_ok=True)


def set_up(tools: list[Tool]) -> list[Tool]:
    """Use what is installed or built, and return the tools that have to be built."""
    missing = []
    for tool in tools:
        if installed := found(tool.needs, LINKS):
            say(f"{tool.name}: not built, {installed.reason}")
            unlink(tool)
            if installed.outside_path:
                link(installed.outside_path)
        elif build_folder(tool).exists():
            for path in build_folder(tool).iterdir():
                link(path)
        else:
            missing.append(tool)
    return missing


def show(tools: list[Tool]) -> None:
    """Say of each tool what a set-up would do, and change nothing."""
    for tool in tools:
        if installed := found(tool.needs, LINKS):
            say(f"{tool.name}: not built, {installed.reason}")
        elif build_folder(tool).exists():
            say(f"{tool.name}: built, {build_folder(tool)}")
        else:
            say(f"{tool.name}: to be built, about {tool.minutes:g} min on 2 cores")


def named(name: str) -> Tool:
    """The tool of that name, for argparse."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    known = ", ".join(tool.name for tool in TOOLS)
    raise argparse.ArgumentTypeError(f"there is no tool {name}; there are {known}")


def main() -> None:
    """Set up the tools named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tools", nargs="*", metavar="TOOL", type=named)
    parser.add_argument("--list", action="store_true", help="only say what is there")
    options = parser.parse_args()
    wanted = options.tools or list(TOOLS)
    if options.list:
        return show(wanted)
    missing = set_up(wanted)
    if missing and not shutil.which("go"):
        names = ", ".join(tool.name for tool in missing)
        raise SystemExit(
            f"tools: {names} must be built and Go is not installed: install Go 1.26 or newer, "
            "or install Pulumi yourself and name a cluster in KUBECONFIG"
        )
    if missing:
        total = sum(tool.minutes for tool in missing)
        say(f"{len(missing)} to build, about {total:.0f} min on 2 cores, once for this machine")
    for tool in missing:
        build(tool)
    set_up(missing)
    return None


if __name__ == "__main__":
    # Ended from outside, it still takes its half-made folder and the compiler with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("tools: broken off; what was built is kept")
