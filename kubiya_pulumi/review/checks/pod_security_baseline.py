"""The baseline profile of the Pod Security Standards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kubiya_pulumi.review.checks.pod_security import (
    Control,
    control_findings,
    control_rule,
    unconfined_profiles,
    unconfined_seccomp,
    unmasked_proc_mount,
)
from kubiya_pulumi.review.findings import Finding
from kubiya_pulumi.review.kubernetes.coerce import (
    as_mapping,
    as_mappings,
    as_str,
    as_strs,
    get_path,
    is_number,
)
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import (
    Container,
    ContextOwner,
    Workload,
    offenders,
    offending_containers,
    security_context_field,
)
from kubiya_pulumi.text import join_quoted

_CAPABILITIES = """
AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP
SETUID SYS_CHROOT
"""
_DEFAULT_CAPABILITIES = frozenset(_CAPABILITIES.split())
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_SYSCTLS = """
kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports
net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout
net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time
net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem
"""
_SAFE_SYSCTLS = frozenset(_SYSCTLS.split())
_MAX_PORT = 65_535


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each violation of the baseline profile."""
    return control_findings(_CONTROLS, inventory)


def _true_field(*path: str) -> Callable[[ContextOwner], list[str]]:
    def violations(owner: ContextOwner) -> list[str]:
        return ["true"] if security_context_field(owner, *path) is True else []

    return violations


def _host_process(workload: Workload) -> str:
    owners = offenders(workload, _true_field("windowsOptions", "hostProcess"))
    return owners.sentence(
        "set", "securityContext.windowsOptions.hostProcess: true; set it to false"
    )


def _host_namespaces(workload: Workload) -> str:
    fields = [
        name for name in ("hostNetwork", "hostPID", "hostIPC") if workload.spec.get(name) is True
    ]
    settings = ", ".join(f"{name}: true" for name in fields)
    fix = "set it to false" if len(fields) == 1 else "set them to false"
    return f"The pod sets {settings}; {fix}." if fields else ""


def _privileged(workload: Workload) -> str:
    containers = offending_containers(workload, _true_field("privileged"))
    return containers.sentence("set", "securityContext.privileged: true; set it to false")


def _capabilities(workload: Workload) -> str:
    def added(container: Container) -> list[str]:
        names = as_strs(security_context_field(container, "capabilities", "add"))
        return [name for name in names if name not in _DEFAULT_CAPABILITIES]

    containers = offending_containers(workload, added)
    return containers.sentence(
        "set",
        f"securityContext.capabilities.add: {join_quoted(containers.values)}; remove it or keep "
        "only default capabilities",
    )


def _host_path(workload: Workload) -> str:
    paths = [
        as_str(get_path(volume, "hostPath", "path"))
        for volume in as_mappings(workload.spec.get("volumes"))
        if isinstance(volume.get("hostPath"), Mapping)
    ]
    message = f"The pod mounts hostPath {join_quoted(paths)}; use another type of volume."
    return message if paths else ""


def _host_ports(workload: Workload) -> str:
    def ports(container: Container) -> list[str]:
        values = (port.get("hostPort") for port in as_mappings(container.get("ports")))
        return [_port_text(value) for value in values if is_number(value) and value]

    containers = offending_containers(workload, ports)
    return containers.sentence("use", f"hostPort {', '.join(containers.values)}; remove hostPort")


def _port_text(port: int | float) -> str:
    return f"{port:g}" if 0 < port <= _MAX_PORT else "(invalid)"


def _host_probes(workload: Workload) -> str:
    containers = offending_containers(workload, _probed_hosts)
    return containers.sentence(
        "set", f"host {join_quoted(containers.values)} in a probe or lifecycle hook; remove host"
    )


def _probed_hosts(container: Container) -> Iterator[str]:
    handlers = [container.get(probe) for probe in _PROBES]
    handlers += [get_path(container, "lifecycle", hook) for hook in _HOOKS]
    for handler in handlers:
        for action in ("httpGet", "tcpSocket"):
            if host := as_str(get_path(handler, action, "host")):
                yield host


def _app_armor(workload: Workload) -> str:
    owners = offenders(workload, unconfined_profiles("appArmorProfile"))
    annotations = [
        key
        for key, value in workload.annotations.items()
        if as_str(key).startswith(_APP_ARMOR_ANNOTATION)
        and as_str(value) not in ("", "runtime/default")
        and not as_str(value).startswith("localhost/")
    ]
    sentences = [
        owners.sentence(
            "set",
            f"securityContext.appArmorProfile.type: {join_quoted(owners.values)}; set it to "
            "RuntimeDefault or Localhost",
        )
    ]
    if annotations:
        sentences.append(
            f"The pod turns AppArmor off with annotation {join_quoted(annotations)}; set it to "
            "runtime/default."
        )
    return " ".join(filter(None, sentences))


def _selinux(workload: Workload) -> str:
    def confinement_changes(owner: ContextOwner) -> list[str]:
        options = as_mapping(security_context_field(owner, "seLinuxOptions"))
        type_ = as_str(options.get("type"))
        custom = [f"type: {type_}"] if type_ not in _SELINUX_TYPES else []
        return custom + [
            f"{key}: {as_str(options.get(key))}" for key in ("user", "role") if options.get(key)
        ]

    owners = offenders(workload, confinement_changes)
    return owners.sentence(
        "set",
        f"securityContext.seLinuxOptions to {join_quoted(owners.values)}; use a container type, "
        "without user and role",
    )


def _proc_mount(workload: Workload) -> str:
    return "" if workload.is_in_user_namespace else unmasked_proc_mount(workload)


def _sysctls(workload: Workload) -> str:
    sysctls = as_mappings(security_context_field(workload.spec, "sysctls"))
    names = [as_str(sysctl.get("name")) for sysctl in sysctls]
    unsafe = [name for name in names if name not in _SAFE_SYSCTLS]
    message = f"The pod sets securityContext.sysctls {join_quoted(unsafe)}; remove them."
    return message if unsafe else ""


_CONTROLS: tuple[Control, ...] = (
    (
        control_rule(
            "KR-023",
            "baseline-host-process",
            "HostProcess",
            "A container runs as a process of its Windows node.",
            "Set `securityContext.windowsOptions.hostProcess` to false.",
            ("5.2.11",),
        ),
        _host_process,
    ),
    (
        control_rule(
            "KR-024",
            "baseline-host-namespaces",
            "Host Namespaces",
            "A pod shares the network, the processes or the IPC of its node.",
            "Set `hostNetwork`, `hostPID` and `hostIPC` to false.",
            ("5.2.3", "5.2.4", "5.2.5"),
        ),
        _host_namespaces,
    ),
    (
        control_rule(
            "KR-025",
            "baseline-privileged-containers",
            "Privileged Containers",
            "A container is privileged: nothing isolates it from its node.",
            "Set `securityContext.privileged` to false.",
            ("5.2.2",),
        ),
        _privileged,
    ),
    (
        control_rule(
            "KR-026",
            "baseline-capabilities",
            "Capabilities",
            "A container adds capabilities beyond the default set.",
            "Remove them from `securityContext.capabilities.add`.",
            ("5.2.9",),
        ),
        _capabilities,
    ),
    (
        control_rule(
            "KR-027",
            "baseline-host-path-volumes",
            "HostPath Volumes",
            "A pod mounts files or directories of its node.",
            "Replace the `hostPath` volume with another type, such as `persistentVolumeClaim`.",
            ("5.2.12",),
        ),
        _host_path,
    ),
    (
        control_rule(
            "KR-028",
            "baseline-host-ports",
            "Host Ports",
            "A container uses ports of its node.",
            "Remove `hostPort`, and expose the container with a Service.",
            ("5.2.13",),
        ),
        _host_ports,
    ),
    (
        control_rule(
            "KR-029",
            "baseline-host-probes",
            "Host Probes / Lifecycle Hooks",
            "A probe or lifecycle hook makes the node connect to another host.",
            "Remove `host` from the probe or hook.",
        ),
        _host_probes,
    ),
    (
        control_rule(
            "KR-030",
            "baseline-app-armor",
            "AppArmor",
            "A pod or container turns its AppArmor profile off.",
            "Set `securityContext.appArmorProfile.type` to RuntimeDefault or Localhost.",
        ),
        _app_armor,
    ),
    (
        control_rule(
            "KR-031",
            "baseline-se-linux",
            "SELinux",
            "A pod or container sets SELinux options that lift its confinement.",
            "Remove `user` and `role` from `securityContext.seLinuxOptions`, and set `type` to a "
            "container type such as container_t.",
        ),
        _selinux,
    ),
    (
        control_rule(
            "KR-032",
            "baseline-proc-mount",
            "/proc Mount Type",
            "A container mounts /proc without masking its sensitive paths.",
            "Set `securityContext.procMount` to Default.",
        ),
        _proc_mount,
    ),
    (
        control_rule(
            "KR-033",
            "baseline-seccomp",
            "Seccomp",
            "A pod or container turns the filter of system calls (seccomp) off.",
            "Set `securityContext.seccompProfile.type` to RuntimeDefault or Localhost.",
        ),
        unconfined_seccomp,
    ),
    (
        control_rule(
            "KR-034",
            "baseline-sysctls",
            "Sysctls",
            "A pod sets kernel parameters that affect its node.",
            "Remove them from `securityContext.sysctls`.",
        ),
        _sysctls,
    ),
)
RULES = tuple(rule for rule, _ in _CONTROLS)
