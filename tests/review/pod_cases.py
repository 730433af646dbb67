"""Pods that violate controls of the Pod Security Standards, and pods that almost do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.review.manifest_objects import Object, container, pod_spec


@dataclass(frozen=True)
class PodCase:
    """A pod, and the rules that it breaks."""

    name: str
    spec: Object
    breaks: frozenset[str]
    annotations: dict[str, str] = field(default_factory=dict)


def case(name: str, breaks: str, spec: Object, **annotations: str) -> PodCase:
    return PodCase(name, spec, frozenset(breaks.split()), annotations)


def secured(name: str = "app", **context: Any) -> Object:
    """Return a restricted container with more settings in its security context."""
    secured_container = container(name)
    secured_container["securityContext"].update(context)
    return secured_container


def adding(*names: str, drop: str = "ALL") -> Object:
    return secured(capabilities={"drop": [drop], "add": list(names)})


def in_pod(*containers: Object, **context: Any) -> Object:
    """Return a restricted pod with more settings in its security context."""
    spec = pod_spec(*containers)
    spec["securityContext"].update(context)
    return spec


def mounting(**source: Any) -> Object:
    return pod_spec(volumes=[{"name": "data", **source}])


GET = {"httpGet": {"port": 80, "host": "example.com"}}
TCP = {"tcpSocket": {"port": 80, "host": "example.com"}}
UNCONFINED = {"type": "Unconfined"}

POD_CASES = (
    case("restricted", "", pod_spec()),
    case(
        "nothing-set",
        "restricted-privilege-escalation restricted-run-as-non-root restricted-seccomp "
        "restricted-capabilities",
        {"containers": [{"name": "app", "image": "app"}]},
    ),
    case("init-container-too", "restricted-privilege-escalation restricted-capabilities",
         pod_spec(initContainers=[{"name": "init", "image": "app"}])),
    # Windows pods must not set the Linux security features.
    case(
        "windows",
        "restricted-run-as-non-root",
        {"os": {"name": "windows"}, "containers": [{"name": "app", "image": "app"}]},
    ),
    case(
        "host-process",
        "baseline-host-process baseline-host-namespaces",
        {
            "os": {"name": "windows"},
            "hostNetwork": True,
            "securityContext": {
                "runAsNonRoot": True,
                "windowsOptions": {"hostProcess": True, "runAsUserName": "NT AUTHORITY\\SYSTEM"},
            },
            "containers": [{"name": "app", "image": "app"}],
        },
    ),
    case("host-network", "baseline-host-namespaces", pod_spec(hostNetwork=True)),
    case("host-pid", "baseline-host-namespaces", pod_spec(hostPID=True)),
    case("host-ipc", "baseline-host-namespaces", pod_spec(hostIPC=True)),
    case("no-host-namespace", "", pod_spec(hostNetwork=False, hostPID=False, hostIPC=False)),
    case("privileged", "baseline-privileged-containers restricted-privilege-escalation",
         pod_spec(secured(privileged=True, allowPrivilegeEscalation=True))),
    case("not-privileged", "", pod_spec(secured(privileged=False))),
    case("sys-admin", "baseline-capabilities restricted-capabilities",
         pod_spec(adding("SYS_ADMIN"))),
    case("chown", "restricted-capabilities", pod_spec(adding("CHOWN"))),
    case("net-bind", "", pod_spec(adding("NET_BIND_SERVICE"))),
    case("drop-one", "restricted-capabilities", pod_spec(adding(drop="NET_RAW"))),
    case("host-path", "baseline-host-path-volumes restricted-volume-types",
         mounting(hostPath={"path": "/var/run"})),
    case("nfs", "restricted-volume-types", mounting(nfs={"server": "a", "path": "/b"})),
    case("empty-dir", "", mounting(emptyDir={})),
    case("volume-without-a-type", "", mounting()),
    case("projected", "", mounting(projected={"sources": [{"configMap": {"name": "a"}}]})),
    case("claim", "", mounting(persistentVolumeClaim={"claimName": "a"})),
    case("csi", "", mounting(csi={"driver": "a"})),
    case("host-port", "baseline-host-ports",
         pod_spec(container(ports=[{"containerPort": 80, "hostPort": 8080}]))),
    case("host-port-zero", "",
         pod_spec(container(ports=[{"containerPort": 80, "hostPort": 0}]))),
    case("liveness-host", "baseline-host-probes", pod_spec(container(livenessProbe=GET))),
    case("readiness-host", "baseline-host-probes", pod_spec(container(readinessProbe=TCP))),
    case("startup-host", "baseline-host-probes", pod_spec(container(startupProbe=GET))),
    case("post-start-host", "baseline-host-probes",
         pod_spec(container(lifecycle={"postStart": GET}))),
    case("pre-stop-host", "baseline-host-probes", pod_spec(container(lifecycle={"preStop": GET}))),
    case("own-probe", "", pod_spec(container(livenessProbe={"httpGet": {"port": 80}}))),
    case("app-armor-pod", "baseline-app-armor", in_pod(appArmorProfile=UNCONFINED)),
    case("app-armor-container", "baseline-app-armor",
         pod_spec(secured(appArmorProfile=UNCONFINED))),
    case("app-armor-default", "", in_pod(appArmorProfile={"type": "RuntimeDefault"})),
    case("app-armor-annotation", "baseline-app-armor", pod_spec(),
         **{"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}),
    case("app-armor-good-annotation", "", pod_spec(),
         **{"container.apparmor.security.beta.kubernetes.io/app": "runtime/default"}),
    case("selinux-type", "baseline-se-linux", in_pod(seLinuxOptions={"type": "spc_t"})),
    case("selinux-user", "baseline-se-linux",
         pod_spec(secured(seLinuxOptions={"user": "system_u"}))),
    case("selinux-role", "baseline-se-linux", in_pod(seLinuxOptions={"role": "sysadm_r"})),
    case("selinux-good", "", in_pod(seLinuxOptions={"type": "container_t", "level": "s0"})),
    case("proc-mount-default", "", pod_spec(secured(procMount="Default"))),
    case(
        "proc-mount-in-user-namespace",
        "restricted-proc-mount",
        pod_spec(secured(procMount="Unmasked"), hostUsers=False),
    ),
    case("seccomp-pod", "baseline-seccomp restricted-seccomp", in_pod(seccompProfile=UNCONFINED)),
    case("seccomp-container", "baseline-seccomp restricted-seccomp",
         pod_spec(secured(seccompProfile=UNCONFINED))),
    case("seccomp-of-the-container", "",
         in_pod(secured(seccompProfile={"type": "RuntimeDefault"}), seccompProfile=None)),
    case("seccomp-of-one-container", "restricted-seccomp",
         in_pod(secured(seccompProfile={"type": "RuntimeDefault"}), secured("other"),
                seccompProfile=None)),
    case("sysctl", "baseline-sysctls",
         in_pod(sysctls=[{"name": "kernel.msgmax", "value": "1"}])),
    case("safe-sysctl", "",
         in_pod(sysctls=[{"name": "net.ipv4.tcp_syncookies", "value": "1"}])),
    case("root-allowed-by-container", "restricted-run-as-non-root",
         pod_spec(secured(runAsNonRoot=False))),
    case("root-allowed-by-pod", "restricted-run-as-non-root",
         in_pod(secured(runAsNonRoot=True), runAsNonRoot=False)),
    case("non-root-of-the-container", "",
         in_pod(secured(runAsNonRoot=True), runAsNonRoot=None)),
    case("root-in-user-namespace", "",
         in_pod(runAsNonRoot=None, runAsUser=0) | {"hostUsers": False}),
    case("root-of-the-pod", "restricted-run-as-user", in_pod(runAsUser=0)),
    case("root-of-a-container", "restricted-run-as-user", pod_spec(secured(runAsUser=0))),
    case("some-user", "", in_pod(runAsUser=1000)),
)  # fmt: skip
"""No pod here breaks `baseline-proc-mount`: API servers reject such pods. A unit test covers it."""
