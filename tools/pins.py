"""The binaries of the toolchain: each is built from a Go module, or is part of an npm package.

A subfolder of `tools` pins the module or the package.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

PULUMI = "3.274.1"
PULUMI_KUBERNETES = "4.34.2"
KUBERNETES = "1.35.4"

_KUBERNETES_VERSION = " ".join(
    f"-X k8s.io/component-base/version.{key}={value}"
    for key, value in {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": KUBERNETES.split(".")[0],
        "gitMinor": KUBERNETES.split(".")[1],
        "gitTreeState": "clean",
    }.items()
)


@dataclass(frozen=True)
class Copy:
    """A file copied from a module, or several files joined into one."""

    module: str
    """The path of the Go module."""
    sources: tuple[str, ...]
    """The paths of the files inside the module."""
    to: str
    """The name of the copy."""


@dataclass(frozen=True)
class Tool:
    """A binary that `build.py` provides in `.tools/bin`."""

    name: str
    """The file name of the binary."""
    folder: str
    """The folder under `tools/` that contains `go.mod` and `go.sum`, or `package-lock.json`."""
    package: str
    """The Go package to build, or the path of the binary after `npm ci`."""
    ldflags: str = ""
    """Flags for the linker."""
    embeds: tuple[Copy, ...] = ()
    """Files that the package embeds. They are copied next to its source before the build."""
    companions: tuple[Copy, ...] = ()
    """Files that are installed next to the binary."""
    installer: str = field(default="go", repr=False)
    """The program that provides the binary: `go` or `npm`."""
    needs: str = field(default="", repr=False)
    """The name, known to `installed.py`, of the installation that makes this build unnecessary."""
    minutes: float = field(default=1.0, repr=False)
    """How long a build without a cache takes on 2 cores. Only used in messages."""


_SDK = "github.com/pulumi/pulumi/sdk/v3"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_KWOK = "sigs.k8s.io/kwok"

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pulumi",
        folder="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        ldflags=f"-X {_SDK}/go/common/version.Version=v{PULUMI}",
        companions=(
            Copy(_SDK, ("python/cmd/pulumi-language-python-exec",), "pulumi-language-python-exec"),
            Copy(
                _SDK,
                ("python/dist/pulumi-resource-pulumi-python",),
                "pulumi-resource-pulumi-python",
            ),
        ),
        needs="engine",
        minutes=3.3,
    ),
    Tool(
        name="pulumi-language-python",
        folder="pulumi-language-python",
        package=f"{_SDK}/python/cmd/pulumi-language-python",
        needs="engine",
        minutes=0.3,
    ),
    Tool(
        name="pulumi-resource-kubernetes",
        folder="pulumi-kubernetes",
        package=".",
        ldflags=f"-X main.version={PULUMI_KUBERNETES}",
        embeds=(
            Copy(_PROVIDER, ("cmd/pulumi-resource-kubernetes/schema.json",), "schema.json"),
            Copy(
                _PROVIDER,
                ("cmd/pulumi-resource-kubernetes/terraform-mapping.json",),
                "terraform-mapping.json",
            ),
        ),
        needs="kubernetes-plugin",
        minutes=6.7,
    ),
    Tool(
        name="kube-apiserver",
        folder="kubernetes",
        package="k8s.io/kubernetes/cmd/kube-apiserver",
        ldflags=_KUBERNETES_VERSION,
        needs="cluster",
        minutes=2.9,
    ),
    Tool(
        name="kube-controller-manager",
        folder="kubernetes",
        package="k8s.io/kubernetes/cmd/kube-controller-manager",
        ldflags=_KUBERNETES_VERSION,
        needs="cluster",
        minutes=0.8,
    ),
    Tool(
        name="kube-scheduler",
        folder="kubernetes",
        package="k8s.io/kubernetes/cmd/kube-scheduler",
        ldflags=_KUBERNETES_VERSION,
        needs="cluster",
        minutes=0.2,
    ),
    Tool(
        name="kubectl",
        folder="kubernetes",
        package="k8s.io/kubernetes/cmd/kubectl",
        ldflags=_KUBERNETES_VERSION,
        needs="kubectl",
        minutes=1.0,
    ),
    Tool(
        name="etcd",
        folder="etcd",
        package="go.etcd.io/etcd/server/v3",
        needs="cluster",
        minutes=0.4,
    ),
    Tool(
        name="kwok",
        folder="kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        companions=(
            Copy(
                _KWOK,
                (
                    "kustomize/stage/node/fast/node-initialize.yaml",
                    "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
                    "kustomize/stage/pod/fast/pod-ready.yaml",
                    "kustomize/stage/pod/fast/pod-complete.yaml",
                    "kustomize/stage/pod/fast/pod-delete.yaml",
                ),
                "kwok-stages.yaml",
            ),
        ),
        needs="cluster",
        minutes=1.0,
    ),
    Tool(
        name="sarif-multitool",
        folder="sarif-multitool",
        # The launcher of the package passes its arguments through a shell, which would split them.
        package=f"node_modules/@microsoft/sarif-multitool-{sys.platform}/Sarif.Multitool",
        installer="npm",
        minutes=0.1,
    ),
    Tool(
        name="actionlint",
        folder="actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        needs="actionlint",
        minutes=0.3,
    ),
    Tool(name="kubernetes-yaml", folder="kubernetes-yaml", package=".", minutes=0.3),
)
