"""The command `import`: take existing runners into a stack."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubiya_pulumi.cli.files import (
    FileError,
    describe_file,
    read_text,
    show_path,
    write_message,
    write_text,
)
from kubiya_pulumi.cli.new_files import require_new, write_new
from kubiya_pulumi.errors import KubiyaError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write a file for `pulumi import --file` that takes existing runners into a stack. The "
        "command changes nothing at Kubiya, in the cluster or in the stack. Its settings are those "
        "of --stack, or KUBIYA_API_KEY and KUBIYA_BASE_URL."
    )
    parser.add_argument(
        "runners",
        metavar="NAME",
        nargs="*",
        help="a runner, or a pattern such as 'eu-*'; default: all runners of the organization",
    )
    parser.add_argument("--output", metavar="FILE", help="the import file to write")
    parser.add_argument(
        "--program", metavar="FILE", help="also write a program that declares the runners"
    )
    parser.add_argument(
        "--deployment",
        action="store_true",
        help="import each runner as a RunnerDeployment, with its manifest, the objects of it and "
        "its health",
    )
    parser.add_argument(
        "--without-objects",
        action="store_true",
        help="with --deployment: leave the objects out; `pulumi up` takes them over",
    )
    parser.add_argument(
        "--from-terraform",
        metavar="FILE",
        help="import the runners of a terraform.tfstate, or of the output of terraform show -json",
    )
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help="the stack to import into: its settings are used, and its resources are left out",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only show the runners; write no file"
    )
    parser.add_argument(
        "--protect",
        action="store_true",
        help="protect the resources from deletion, in the stack and in the program",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.add_argument(
        "--allow-plaintext-secrets",
        action="store_true",
        help="write the URLs and the texts of manifests into the import file, in plain text; "
        "by default they are left out, and `pulumi refresh` adds them",
    )


def run(options: argparse.Namespace) -> int:
    """Write the files, a table of the runners to stdout, and to stderr why the status is not 0.

    Args:
        options: the parsed arguments.

    Returns:
        0 for success; 1 if the runners cannot be imported or a file cannot be written, and then no
        file is written.

    Raises:
        FileError: the table cannot be written, and then no file is written either; or the next
            steps cannot be written.
    """
    try:
        _check_arguments(options)
        prepared = _prepare(options)
    except (KubiyaError, FileError) as error:
        write_message(f"import: {error}")
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rich":
            raise
        write_message("import: the table requires an extra: pip install 'kubiya-pulumi[cli]'")
        return 1
    write_text(prepared.table)
    for message in prepared.messages:
        write_message(f"import: {message}")
    if options.dry_run:
        return 0
    try:
        write_new(prepared.files, replace=options.force)
    except FileError as error:
        write_message(f"import: {error}")
        return 1
    write_text(_next_steps(options, prepared))
    return 0


@dataclass(frozen=True)
class _Prepared:
    """What a run shows and writes."""

    table: str
    messages: Sequence[str]
    files: Mapping[str, str] = field(repr=False)
    terraform_addresses: Sequence[str]
    object_count: int
    """How many Kubernetes objects the import file contains."""
    takes_over: bool
    """Whether objects are left to `pulumi up`."""


def _check_arguments(options: argparse.Namespace) -> None:
    files = _files(options)
    if options.output is None and not options.dry_run:
        raise FileError("name the import file with --output, or pass --dry-run to write none.")
    if options.without_objects and not options.deployment:
        raise FileError("--without-objects requires --deployment.")
    if "-" in files:
        raise FileError("--output and --program cannot write to standard output: name a file.")
    if len(set(files)) < len(files):
        raise FileError(f"--output and --program name the same file {show_path(files[0])}.")
    if not options.dry_run:
        require_new(files, replace=options.force)


def _files(options: argparse.Namespace) -> list[str]:
    return [file for file in (options.output, options.program) if file is not None]


def _prepare(options: argparse.Namespace) -> _Prepared:
    # Loaded here, because the help text needs neither the engine's package nor the extra.
    from kubiya_pulumi.cli import import_table
    from kubiya_pulumi.cli.import_settings import client_and_stack
    from kubiya_pulumi.importing.plan import plan_import
    from kubiya_pulumi.importing.terraform import resource_names, runners_in

    terraform = None
    if options.from_terraform is not None:
        file = describe_file(options.from_terraform)
        terraform = resource_names(runners_in(read_text(options.from_terraform), file))
    files, imported = {}, None
    with client_and_stack(options.stack) as (client, stack):
        plan = plan_import(
            client,
            wanted=options.runners,
            terraform=terraform,
            stack=stack,
            deployment=options.deployment,
            track=import_table.track_requests,
        )
        if not options.dry_run:
            imported = plan.import_file(
                client,
                with_objects=not options.without_objects,
                with_secrets=options.allow_plaintext_secrets,
                track=import_table.track_requests,
            )
            files[options.output] = imported.text
    if files and options.program is not None:
        files[options.program] = plan.program(protect=options.protect)
    table = import_table.render(plan.candidates, sys.stdout)
    left_out = imported.messages if imported else ()
    return _Prepared(
        table,
        [*plan.messages, *left_out],
        files,
        plan.terraform_addresses,
        object_count=imported.object_count if imported else 0,
        takes_over=options.without_objects or bool(left_out),
    )


def _next_steps(options: argparse.Namespace, prepared: _Prepared) -> str:
    stack = f" --stack {shlex.quote(options.stack)}" if options.stack else ""
    protect = "" if options.protect else " --protect=false"
    files = " and ".join(map(show_path, _files(options)))
    count = prepared.object_count
    plural = "" if count == 1 else "s"
    objects = f" The import file contains {count} Kubernetes object{plural}." if count else ""
    lines = [
        "",
        f"Written: {files}.{objects} Next, in the folder of the program:",
        f"  pulumi import --file {shlex.quote(options.output)} --generate-code=false"
        f"{protect}{stack}",
    ]
    purposes = [] if options.allow_plaintext_secrets else ["adds the secrets, which the file omits"]
    purposes += ["reads the objects in the cluster"] if count else []
    if purposes:
        lines.append(f"  pulumi refresh{stack}    # {', and '.join(purposes)}")
    if prepared.takes_over:
        setting = "kubernetes:upsertExistingObjects true"
        lines.append(
            f"  pulumi config set {setting}{stack}    # lets `pulumi up` take over the objects"
        )
        lines.append(f"  pulumi preview{stack}    # creates only the objects that are left out")
    elif count:
        lines.append(f"  pulumi preview{stack}    # shows where the cluster differs")
    else:
        lines.append(f"  pulumi preview{stack}    # shows no changes")
    if count:
        lines.append(
            f"  pulumi up{stack}    # from then on `pulumi destroy` keeps namespaces and "
            "CustomResourceDefinitions"
        )
    if prepared.terraform_addresses:
        addresses = " ".join(map(shlex.quote, prepared.terraform_addresses))
        lines += [
            "Then let Terraform forget the runners, or its next destroy deletes them:",
            f"  terraform state rm {addresses}",
        ]
    return "\n".join(lines) + "\n"
