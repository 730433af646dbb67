#!/usr/bin/env python3
"""Install the real toolchain into `.tools/bin`: Pulumi's engine, its plugins, a control plane.

Tools that are already installed are used and not built. All others are built from the pinned Go
modules next to this file, or installed from the pinned npm packages, once per machine: the result
is kept in a cache outside the clone, under a hash of the pins, and linked into `.tools/bin`. This
program uses only the standard library, because it runs before anything is installed.

    tools/build.py            build everything that is missing
    tools/build.py pulumi …   build only the named tools
    tools/build.py --list     show what is installed, what would be built, and why
    tools/build.py --plan     show what would be built, for how long, and how to avoid it

Environment variables: KUBIYA_PULUMI_TOOLS is the folder of the cache (default:
kubiya-pulumi/tools in the user's cache folder). If KUBECONFIG is set, its cluster is used and no
control plane is built.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from installed import INSTEAD, find_installed
from pins import TOOLS, Copy, Tool
from progress import locked, report_progress, say

HERE = Path(__file__).resolve().parent
LINKS = HERE.parent / ".tools" / "bin"
GO = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
"""Settings that override the user's Go environment, because the pins rely on them."""


def cache_folder() -> Path:
    """Return the folder that keeps the builds, outside of every clone."""
    if chosen := os.environ.get("KUBIYA_PULUMI_TOOLS"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kubiya-pulumi" / "tools"


def key(tool: Tool) -> str:
    """Return a hash of everything that affects a build: recipe, module files and platform."""
    digest = hashlib.sha256(repr((tool, platform.system(), platform.machine())).encode())
    for path in sorted((HERE / tool.folder).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build_folder(tool: Tool) -> Path:
    """Return the folder in the cache for the finished build of a tool."""
    return cache_folder() / f"{tool.name}-{key(tool)}"


def go(work: Path, *arguments: str, each_line: Callable[[str], None]) -> str:
    """Run Go and return its output.

    Args:
        work: the folder with the module.
        arguments: the arguments of the command.
        each_line: called with each line that Go writes to its standard error.

    Raises:
        SystemExit: Go failed.
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
    """Copy files of a module that `work` requires into the folder `to`, joined into one file."""
    go(work, "mod", "download", what.module, each_line=lambda _: None)
    folder = go(work, "list", "-m", "-f", "{{.Dir}}", what.module, each_line=lambda _: None)
    texts = [Path(folder.strip(), source).read_text() for source in what.sources]
    target = to / what.to
    target.write_text("\n---\n".join(texts))
    target.chmod(0o755 if texts[0].startswith("#!") else 0o644)


def compile_package(tool: Tool, work: Path, to: Path) -> None:
    """Run `go build` and report every few seconds how many packages are compiled."""
    compiled: list[str] = []
    with report_progress(lambda: f"{tool.name}: {len(compiled)} packages compiled"):
        go(
            work, "build", "-v", "-trimpath", "-ldflags", f"-s -w {tool.ldflags}",
            "-o", str(to / tool.name), tool.package,
            each_line=lambda line: None if line.startswith("go: ") else compiled.append(line),
        )  # fmt: skip


def install_package(tool: Tool, work: Path, to: Path) -> None:
    """Run `npm ci`, which verifies the hashes of the lock file, and take the binary out.

    Raises:
        SystemExit: npm failed.
    """
    # The scripts of a package are not run: a binary needs none.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    process = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if process.returncode:
        sys.stderr.write(process.stderr)
        raise SystemExit("tools: npm ci failed; the lines above are npm's")
    shutil.copy2(work / tool.package, to / tool.name)
    (to / tool.name).chmod(0o755)


def build(tool: Tool) -> None:
    """Build a tool into the cache. An interrupted build leaves no folder that seems complete."""
    final = build_folder(tool)
    with locked(cache_folder() / f"{tool.name}.lock"):
        if final.exists():
            return
        prefix = f".{tool.name}."
        for leftover in cache_folder().glob(f"{prefix}*"):
            shutil.rmtree(leftover)
        say(f"building {tool.name}, about {tool.minutes:g} min on 2 cores")
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=prefix, dir=cache_folder()) as scratch:
            out, work = Path(scratch, "out"), Path(scratch, "work")
            out.mkdir()
            shutil.copytree(HERE / tool.folder, work)
            for embed in tool.embeds:
                copy(work, embed, work)
            if tool.installer == "npm":
                install_package(tool, work, out)
            else:
                compile_package(tool, work, out)
            for companion in tool.companions:
                copy(work, companion, out)
            out.rename(final)
        say(f"built {tool.name} in {time.monotonic() - start:.0f} s")


def link(path: Path) -> None:
    """Link a file into `.tools/bin` under its own name.

    This creates a hard link, or a copy if the file system does not support one. The language host
    searches its companions in its own folder, so a symbolic link would lead it out of
    `.tools/bin`.
    """
    LINKS.mkdir(parents=True, exist_ok=True)
    target = LINKS / path.name
    # A copy keeps the time stamp, so size and time show whether it is up to date.
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
    """Remove the files of a tool from `.tools/bin`, where they would hide the installed ones."""
    for name in (tool.name, *(companion.to for companion in tool.companions)):
        (LINKS / name).unlink(missing_ok=True)


def set_up(tools: list[Tool]) -> list[Tool]:
    """Use the installed and the cached tools, and return those that have to be built."""
    missing = []
    for tool in tools:
        if installed := find_installed(tool.needs, LINKS):
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
    """Print for each tool what would be done, without doing it."""
    for tool in tools:
        if installed := find_installed(tool.needs, LINKS):
            say(f"{tool.name}: not built, {installed.reason}")
        elif build_folder(tool).exists():
            say(f"{tool.name}: built, {build_folder(tool)}")
        else:
            say(f"{tool.name}: to be built, about {tool.minutes:g} min on 2 cores")


def show_plan(missing: list[Tool]) -> None:
    """Print what has to be built, how long that takes, and what to install instead."""
    if not missing:
        return say("nothing to build")
    total = sum(tool.minutes for tool in missing)
    say(f"{len(missing)} to build, about {total:.0f} min on 2 cores, once per machine")
    for need, advice in INSTEAD.items():
        if group := [tool for tool in missing if tool.needs == need]:
            minutes = sum(tool.minutes for tool in group)
            say(f"  {join_names(group)}: about {minutes:.1f} min; to avoid it, {advice}")
    return None


def require_go(missing: list[Tool]) -> None:
    """Exit if Go has to build a tool and is not installed."""
    by_go = [tool for tool in missing if tool.installer == "go"]
    if by_go and not shutil.which("go"):
        raise SystemExit(
            f"tools: {join_names(by_go)} must be built and Go is not installed: install Go 1.26 or "
            "newer, or install Pulumi and set KUBECONFIG to use an existing cluster"
        )


def join_names(tools: list[Tool]) -> str:
    """Return the names of tools, for a message."""
    return ", ".join(tool.name for tool in tools)


def tool_by_name(name: str) -> Tool:
    """Return the tool with a name, for argparse."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise argparse.ArgumentTypeError(f"unknown tool {name}; choose from {join_names(list(TOOLS))}")


def main() -> None:
    """Set up the tools that the command line names, or all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tools", nargs="*", metavar="TOOL", type=tool_by_name)
    parser.add_argument("--list", action="store_true", help="only show what would be done")
    parser.add_argument("--plan", action="store_true", help="only show what would be built")
    options = parser.parse_args()
    tools = options.tools or list(TOOLS)
    if options.list:
        return show(tools)
    if options.plan:
        built = [tool for tool in tools if build_folder(tool).exists()]
        needed = [tool for tool in tools if not find_installed(tool.needs, LINKS)]
        missing = [tool for tool in needed if tool not in built]
        show_plan(missing)
        return require_go(missing)
    missing = set_up(tools)
    require_go(missing)
    by_npm = [tool for tool in missing if tool.installer == "npm"]
    if by_npm and not shutil.which("npm"):
        problem = f"{join_names(by_npm)} must be installed by npm, which is not installed"
        if options.tools:
            raise SystemExit(f"tools: {problem}: install Node.js 20 or newer")
        # Only tests need it, and they fail without it. A demo should not.
        say(f"{problem}: its tests will fail until you install Node.js 20 or newer")
        missing = [tool for tool in missing if tool.installer == "go"]
    if missing:
        show_plan(missing)
    for tool in missing:
        build(tool)
    set_up(missing)
    return None


if __name__ == "__main__":
    # Also clean up the unfinished folder and stop the compiler when this process is terminated.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("tools: interrupted; finished builds are kept")
