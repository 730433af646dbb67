#!/usr/bin/env python3
"""Put the real toolchain into `.tools/bin`: the Pulumi engine, its plugins, and a Kubernetes control plane.

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
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from installed import found
from pins import TOOLS, Copy, Tool

HERE = Path(__file__).resolve().parent
LINKS = HERE.parent / ".tools" / "bin"
PROGRESS_SECONDS = 15.0


def cache_folder() -> Path:
    """Where builds are kept, outside every clone."""
    if chosen := os.environ.get("KUBIYA_PULUMI_TOOLS"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kubiya-pulumi" / "tools"


def key(tool: Tool) -> str:
    """A hash of all that decides what is built: the recipe, the module's files and the machine's kind."""
    digest = hashlib.sha256(repr((tool, platform.system(), platform.machine())).encode())
    for path in sorted((HERE / tool.folder).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build_folder(tool: Tool) -> Path:
    """The folder in the cache that holds the tool once it is built."""
    return cache_folder() / f"{tool.name}-{key(tool)}"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time build into the cache: two clones may be set up at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is building in the same cache; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    print(f"tools: {text}", flush=True)


def module_folder(work: Path, module: str) -> Path:
    """Where Go keeps the source of a module that `work` requires, fetched if it is not there yet."""
    subprocess.run(["go", "mod", "download", module], cwd=work, check=True)
    out = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module],
        cwd=work, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Path(out.stdout.strip())


def copy(work: Path, what: Copy, to: Path) -> None:
    folder = module_folder(work, what.module)
    texts = [(folder / source).read_text() for source in what.sources]
    target = to / what.to
    target.write_text("\n---\n".join(texts))
    target.chmod(0o755 if texts[0].startswith("#!") else 0o644)


def compile_package(tool: Tool, work: Path, to: Path) -> None:
    """Run `go build`, saying every few seconds how many packages are compiled."""
    command = ["go", "build", "-v", "-trimpath", "-ldflags", f"-s -w {tool.ldflags}",
               "-o", str(to / tool.name), tool.package]  # fmt: skip
    environment = {**os.environ, "CGO_ENABLED": "0"}
    began = said = time.monotonic()
    tail: list[str] = []
    packages = 0
    with subprocess.Popen(
        command, cwd=work, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            tail = [*tail[-20:], line]
            packages += not line.startswith("go: ")
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                say(f"  {tool.name}: {packages} packages compiled, {said - began:.0f} s")
    if process.returncode:
        sys.stderr.writelines(tail)
        raise SystemExit(f"tools: {tool.name} could not be built; the lines above are Go's")


def build(tool: Tool) -> None:
    """Build the tool into the cache. A build that is broken off leaves nothing that looks complete."""
    final = build_folder(tool)
    with locked(cache_folder() / f"{tool.name}.lock"):
        if final.exists():
            return
        say(f"building {tool.name}, about {tool.minutes:g} min on 2 cores")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f".{tool.name}-", dir=cache_folder()) as scratch:
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


def link(tool: Tool) -> None:
    """Point `.tools/bin` at the tool's files in the cache."""
    LINKS.mkdir(parents=True, exist_ok=True)
    for path in build_folder(tool).iterdir():
        target = LINKS / path.name
        if target.is_symlink() or target.exists():
            if target.resolve() == path.resolve():
                continue
            target.unlink()
        target.symlink_to(path)


def unlink(tool: Tool) -> None:
    """Take links away that would hide what is installed."""
    for name in (tool.name, *(companion.to for companion in tool.companions)):
        if (LINKS / name).is_symlink():
            (LINKS / name).unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="TOOL", choices=[[], *(tool.name for tool in TOOLS)])
    parser.add_argument("--list", action="store_true", help="only say what is there")
    options = parser.parse_args()
    wanted = [tool for tool in TOOLS if not options.names or tool.name in options.names]
    missing = []
    for tool in wanted:
        if where := found(tool.needs, LINKS):
            say(f"{tool.name}: not built, {where}")
            if not options.list:
                unlink(tool)
        elif build_folder(tool).exists():
            if options.list:
                say(f"{tool.name}: built")
            else:
                link(tool)
        else:
            missing.append(tool)
    if options.list:
        for tool in missing:
            say(f"{tool.name}: to be built, about {tool.minutes:g} min")
        return
    if missing and not shutil.which("go"):
        names = ", ".join(tool.name for tool in missing)
        raise SystemExit(
            f"tools: {names} must be built and Go is not installed: install Go 1.26 or newer, "
            "or install Pulumi yourself and name a cluster in KUBECONFIG"
        )
    if missing:
        total = sum(tool.minutes for tool in missing)
        say(f"{len(missing)} to build, about {total:.0f} min on 2 cores; once for this machine")
    for tool in missing:
        build(tool)
        link(tool)


if __name__ == "__main__":
    main()
