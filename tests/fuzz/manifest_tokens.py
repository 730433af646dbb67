"""Tokens of YAML and of Kubernetes manifests, for fuzzers that combine them."""

from __future__ import annotations

SYNTAX = [
    *("---\n", "...\n", "%YAML 1.1\n", "%TAG ! tag:a,2000:\n", "\n", "\n  ", " ", ": ", "- ", "? "),
    *("&a ", "*a", "<<: *a", "{", "}", "[", "]", ", ", "# ", "'", '"', '"\\x00"', '"\\ud800"'),
    *("|+2\n", ">-\n", "!", "!a ", "!<tag:yaml.org,2002:int> ", "~", "yes", "\ufeff", "\x85"),
    *("\u2028", "\t", "\x00", "0x", "0b1_0", "0o7", "1:59:59", "1:59.5", ".inf", "-.nan", "1e999"),
    *("99999999999999999999", "0x" + "f" * 4000, "2001-12-14t21:59:43.10-05:00", "2001-13-45"),
]
TAGS = [
    f"!!{name} "
    for name in (
        *("binary", "bool", "float", "int", "map", "merge", "null", "omap", "pairs"),
        *("python/object/apply:os.getcwd", "seq", "set", "str", "timestamp", "value"),
    )
]
KINDS = [
    *("List", "Namespace", "ServiceAccount", "Secret", "ConfigMap", "Service", "Pod", "Deployment"),
    *("StatefulSet", "DaemonSet", "Job", "CronJob", "Role", "ClusterRole", "RoleBinding"),
    *("ClusterRoleBinding", "CustomResourceDefinition", "RoleList", "ServiceAccountList"),
]
KEYS = [
    *("apiVersion", "kind", "metadata", "items", "name", "namespace", "labels", "annotations"),
    *("spec", "template", "jobTemplate", "containers", "initContainers", "ephemeralContainers"),
    *("image", "ports", "hostPort", "env", "envFrom", "value", "valueFrom", "secretKeyRef"),
    *("serviceAccountName", "hostNetwork", "hostPID", "securityContext", "privileged", "runAsUser"),
    *("capabilities", "add", "drop", "seccompProfile", "sysctls", "volumes", "hostPath", "path"),
    *("projected", "sources", "secret", "secretName", "type", "data", "stringData", "rules"),
    *("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs", "roleRef", "subjects"),
    *("aggregationRule", "clusterRoleSelectors", "matchLabels", "matchExpressions", "operator"),
]
WHOLE = [
    *("apiVersion: v1\n", "apiVersion: rbac.authorization.k8s.io/v1\n", "metadata: {name: a}\n"),
    *("kind: List\nitems:\n", "metadata: {name: a, namespace: b}\n", "nats://user:word@host"),
]
TOKENS = [*SYNTAX, *TAGS, *KINDS, *(f"{key}: " for key in KEYS), *WHOLE]


def dictionary() -> str:
    """Return the tokens as a libFuzzer dictionary."""
    quoted = ("".join(f"\\x{byte:02x}" for byte in token.encode()) for token in TOKENS)
    return "".join(f'"{token}"\n' for token in quoted)
