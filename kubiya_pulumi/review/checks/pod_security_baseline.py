"""The controls of the baseline profile of the Pod Security Standards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubiya_pulumi.review.findings import Category, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import inside, mapping, mappings, number, text, texts
from kubiya_pulumi.review.kubernetes.security_context import (
    GOOD_PROFILES,
    context,
    field,
    in_user_namespace,
    setters,
)
from kubiya_pulumi.review.kubernetes.workloads import Container, Workload
from kubiya_pulumi.text import join_quoted

_DEFAULT_CAPABILITIES = """
AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP
SETUID SYS_CHROOT
"""
_CAPABILITIES = frozenset(_DEFAULT_CAPABILITIES.split())
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_SAFE_SYSCTLS = """
kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports
net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout
net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time
net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem
"""
_SYSCTLS = frozenset(_SAFE_SYSCTLS.split())


def _host_process(workload: Workload) -> str:
    who = setters(workload, lambda each: field(each, "windowsOptions", "hostProcess") is True)
    return who and f"Runs as processes of the Windows node itself: {who}."


def _host_namespaces(workload: Workload) -> str:
    shared = [
        name for name in ("hostNetwork", "hostPID", "hostIPC") if workload.spec.get(name) is True
    ]
    return f"Shares namespaces with its node: {', '.join(shared)}." if shared else ""


def _privileged(workload: Workload) -> str:
    who = workload.containers_that(lambda each: field(each, "privileged") is True)
    return who and f"Runs privileged, with all that its node may do: {who}."


def _capabilities(workload: Workload) -> str:
    def added(container: Container) -> list[str]:
        names = texts(field(container, "capabilities", "add"))
        return [name for name in names if name not in _CAPABILITIES]

    who = workload.containers_that(lambda each: bool(added(each)))
    names = dict.fromkeys(name for each in workload.containers for name in added(each))
    return who and f"Adds the capabilities {join_quoted(names)}: {who}."


def _host_path(workload: Workload) -> str:
    paths = [
        text(inside(each, "hostPath", "path"))
        for each in mappings(workload.spec.get("volumes"))
        if isinstance(each.get("hostPath"), Mapping)
    ]
    return f"Mounts directories of its node: {join_quoted(paths)}." if paths else ""


def _host_ports(workload: Workload) -> str:
    def ports(container: Container) -> list[float]:
        found = (number(each.get("hostPort")) for each in mappings(container.get("ports")))
        return [port for port in found if port]

    who = workload.containers_that(lambda each: bool(ports(each)))
    used = sorted({port for each in workload.containers for port in ports(each)})
    return who and f"Takes ports of its node ({', '.join(f'{port:g}' for port in used)}): {who}."


def _host_probes(workload: Workload) -> str:
    who = workload.containers_that(lambda each: any(_probed_hosts(each)))
    hosts = dict.fromkeys(host for each in workload.containers for host in _probed_hosts(each))
    return (
        who and f"Has its node call other hosts in probes or hooks ({join_quoted(hosts)}): {who}."
    )


def _probed_hosts(container: Container) -> Iterator[str]:
    handlers = [container.get(probe) for probe in _PROBES]
    handlers += [inside(container, "lifecycle", hook) for hook in _HOOKS]
    for handler in handlers:
        for call in ("httpGet", "tcpSocket"):
            if host := text(inside(handler, call, "host")):
                yield host


def _app_armor(workload: Workload) -> str:
    who = setters(workload, _has_bad_app_armor)
    annotations = [
        key
        for key, value in workload.annotations.items()
        if text(key).startswith(_APP_ARMOR_ANNOTATION)
        and text(value) not in ("", "runtime/default")
        and not text(value).startswith("localhost/")
    ]
    by_annotation = f"annotations {join_quoted(annotations)}" if annotations else ""
    who = " and ".join(filter(None, (who, by_annotation)))
    return who and f"Turns its AppArmor profile off: {who}."


def _has_bad_app_armor(owner: Mapping[str, Any]) -> bool:
    profile = field(owner, "appArmorProfile")
    return isinstance(profile, Mapping) and profile.get("type") not in GOOD_PROFILES


def _selinux(workload: Workload) -> str:
    def is_bad(owner: Mapping[str, Any]) -> bool:
        options = mapping(field(owner, "seLinuxOptions"))
        return bool(
            text(options.get("type")) not in _SELINUX_TYPES
            or options.get("user")
            or options.get("role")
        )

    who = setters(workload, is_bad)
    return who and f"Sets SELinux options that lift its confinement: {who}."


def _proc_mount(workload: Workload) -> str:
    return "" if in_user_namespace(workload) else unmasked_proc(workload)


def unmasked_proc(workload: Workload) -> str:
    """What the restricted profile forbids also in a user namespace."""
    who = workload.containers_that(lambda each: field(each, "procMount") not in (None, "Default"))
    return who and f"Mounts /proc without its masks: {who}."


def _seccomp(workload: Workload) -> str:
    who = setters(workload, _has_bad_seccomp)
    return who and f"Turns the filter of system calls (seccomp) off: {who}."


def _has_bad_seccomp(owner: Mapping[str, Any]) -> bool:
    profile = field(owner, "seccompProfile")
    return isinstance(profile, Mapping) and profile.get("type") not in GOOD_PROFILES


def _sysctls(workload: Workload) -> str:
    names = [text(each.get("name")) for each in mappings(context(workload.spec).get("sysctls"))]
    unsafe = [name for name in names if name not in _SYSCTLS]
    return f"Sets parameters of the node's kernel: {join_quoted(unsafe)}." if unsafe else ""


def _rule(control: str, description: str) -> Rule:
    return Rule(
        f"baseline-{control}",
        Severity.ERROR,
        Category.EXCESSIVE,
        description,
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
    )


CONTROLS = (
    (
        _rule("host-process", "A container runs as a process of a Windows node itself."),
        _host_process,
    ),
    (
        _rule("host-namespaces", "A pod shares the network, processes or IPC of its node."),
        _host_namespaces,
    ),
    (
        _rule("privileged-containers", "A container runs privileged: nothing confines it."),
        _privileged,
    ),
    (
        _rule("capabilities", "A container adds capabilities beyond those that it has by default."),
        _capabilities,
    ),
    (_rule("host-path-volumes", "A pod mounts directories of its node."), _host_path),
    (_rule("host-ports", "A container takes ports of its node."), _host_ports),
    (
        _rule("host-probes", "A probe or a lifecycle hook has the node call another host."),
        _host_probes,
    ),
    (_rule("app-armor", "A pod turns its AppArmor profile off."), _app_armor),
    (_rule("se-linux", "A pod sets SELinux options that lift its confinement."), _selinux),
    (_rule("proc-mount", "A container mounts /proc without the masks over it."), _proc_mount),
    (_rule("seccomp", "A pod turns the filter of system calls (seccomp) off."), _seccomp),
    (_rule("sysctls", "A pod sets parameters of the kernel that affect its node."), _sysctls),
)
"""Each rule with what it finds on a workload: a sentence, or an empty text."""
