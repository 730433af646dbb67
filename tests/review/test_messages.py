"""The message of every rule: it names the container, the field, the value and the fix."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import RULES, KubernetesObject, ManifestPolicy, review
from tests.review.manifest_objects import deployment, parsed, pod_spec
from tests.review.pod_cases import POD_CASES, secured
from tests.review.rule_cases import RULE_CASES

ZEROS = "0" * 64
NOTHING_ALLOWED = ManifestPolicy(allowed_images=[], allowed_namespaces=[], allowed_kinds=[])

MESSAGES = {
    "cluster-admin": (
        "The binding grants every verb on every resource in the whole cluster to "
        "ServiceAccount runners/app. Bind a role that lists only the permissions that the "
        "subject needs."
    ),
    "full-access": (
        "The role grants every verb on every resource in the whole cluster to ServiceAccount "
        'runners/app. Replace "*" in `verbs`, `resources` and `apiGroups` with what the '
        "subject needs."
    ),
    "wildcard-verbs": (
        'The role grants "*" on "scales" of API group "apps" in the whole cluster to '
        'ServiceAccount runners/app. Replace "*" in `verbs` with the verbs that the subject '
        "needs."
    ),
    "wildcard-resources": (
        'The role grants "get" on "*" of API group "apps" in the whole cluster to '
        'ServiceAccount runners/app. Replace "*" in `resources` with the resources that the '
        "subject needs."
    ),
    "wildcard-api-groups": (
        'The role grants "get" on "events" of API group "*" in the whole cluster to '
        'ServiceAccount runners/app. Replace "*" in `apiGroups` with the API groups that the '
        "subject needs."
    ),
    "read-secrets-cluster-wide": (
        "The role grants watch on secrets in the whole cluster to ServiceAccount runners/app."
        " Bind the role in single namespaces, and list the Secrets in `resourceNames`."
    ),
    "read-secrets": (
        'The role grants list on secrets in namespace "runners" to ServiceAccount '
        "runners/app. List the Secrets that the subject needs in `resourceNames`."
    ),
    "escalate": (
        'The role grants escalate on roles in namespace "runners" to ServiceAccount '
        "runners/app. Remove `escalate` from `verbs`."
    ),
    "bind": (
        'The role grants bind on clusterroles named "view" in the whole cluster to '
        "ServiceAccount runners/app. Remove `bind` from `verbs`, or list the roles to bind in"
        " `resourceNames`."
    ),
    "impersonate": (
        "The role grants impersonate on users in the whole cluster to ServiceAccount "
        "runners/app. Remove `impersonate` from `verbs`, or list the identities in "
        "`resourceNames`."
    ),
    "create-workloads": (
        'The role grants create on jobs in namespace "runners" to ServiceAccount runners/app.'
        " Remove the verbs that the subject does not need, and run sensitive workloads in "
        "another namespace."
    ),
    "exec-into-pods": (
        'The role grants create on pods/exec in namespace "runners" to ServiceAccount '
        "runners/app. Remove `pods/exec`, `pods/attach` and `pods/portforward` from "
        "`resources`."
    ),
    "create-tokens": (
        'The role grants create on serviceaccounts/token named "app" in namespace "runners" '
        "to ServiceAccount runners/app. Remove `serviceaccounts/token` and "
        "`podcertificaterequests` from `resources`."
    ),
    "admission-webhooks": (
        "The role grants patch on mutatingwebhookconfigurations in the whole cluster to "
        "ServiceAccount runners/app. Remove the webhook configurations from `resources`, or "
        "grant only read access."
    ),
    "nodes-proxy": (
        "The role grants get on nodes/proxy in the whole cluster to ServiceAccount "
        "runners/app. Remove `nodes/proxy`, `nodes/log` and `nodes/checkpoint` from "
        "`resources`."
    ),
    "change-nodes": (
        "The role grants patch on nodes in the whole cluster to ServiceAccount runners/app. "
        "Grant only read access to `nodes`."
    ),
    "create-persistent-volumes": (
        "The role grants create on persistentvolumes in the whole cluster to ServiceAccount "
        "runners/app. Grant only read access to `persistentvolumes`, and use "
        "PersistentVolumeClaims."
    ),
    "approve-certificates": (
        "The role grants approve on signers in the whole cluster to ServiceAccount runners/app. "
        "Remove `approve`, `sign` and `attest` on `signers` from `verbs`, and "
        "`certificatesigningrequests/nodeclient` from `resources`."
    ),
    "change-namespaces": (
        'The role grants patch on namespaces in namespace "runners" to ServiceAccount '
        "runners/app. Grant only read access to `namespaces`."
    ),
    "system-masters": (
        'The binding grants ClusterRole "view" to Group system:masters. Remove the group from'
        " `subjects`."
    ),
    "unauthenticated-subject": (
        'The binding grants ClusterRole "view" to User system:anonymous. Replace the subject '
        "with an authenticated user, group or ServiceAccount."
    ),
    "built-in-role": (
        'The name "view" belongs to a default ClusterRole of Kubernetes: applying the '
        "manifest changes it, and `pulumi destroy` deletes it. Rename the object."
    ),
    "unknown-role": (
        'The roleRef refers to ClusterRole "platform-superuser", whose rules are not known. '
        "The binding grants all that the role allows in the whole cluster to ServiceAccount "
        "runners/app. Add the role to the manifest, or bind a role that the manifest "
        "contains."
    ),
    "unknown-service-account": (
        "The pod runs as ServiceAccount runners/platform, whose permissions in the "
        "cluster are not known. Add the ServiceAccount to the manifest, and bind the roles "
        "that it needs."
    ),
    "aggregated-role": (
        "The role grants the rules of the ClusterRoles that the aggregationRule selects, "
        "including those of the cluster, in the whole cluster to any subject that is bound to"
        " it. List the rules in a role without `aggregationRule`, and bind that role."
    ),
    "all-users-subject": (
        'The binding grants ClusterRole "view" to Group system:authenticated. Replace the '
        "group with the users, groups or ServiceAccounts that need the role."
    ),
    "all-service-accounts-subject": (
        'The binding grants ClusterRole "view" to Group system:serviceaccounts:runners. '
        "Replace the group with the ServiceAccounts that need the role."
    ),
    "proxy-to-pods": (
        'The role grants get on services/proxy in namespace "runners" to ServiceAccount '
        "runners/app. Remove `pods/proxy` and `services/proxy` from `resources`."
    ),
    "constrained-impersonation": (
        "The role grants impersonate:user-info on users in the whole cluster to "
        "ServiceAccount runners/app. Remove the verbs, or list the identities in "
        "`resourceNames`."
    ),
    "admission-policies": (
        "The role grants create on mutatingadmissionpolicybindings in the whole cluster to "
        "ServiceAccount runners/app. Remove the policies and their bindings from `resources`,"
        " or grant only read access."
    ),
    "create-token-secrets": (
        'The role grants create on secrets in namespace "runners" to ServiceAccount '
        "runners/app. Remove `create` on `secrets`, and create the Secrets with the manifest."
    ),
    "change-api": (
        "The role grants patch on customresourcedefinitions in the whole cluster to "
        "ServiceAccount runners/app. Grant only read access to `customresourcedefinitions` "
        "and `apiservices`."
    ),
    "change-network": (
        'The role grants patch on endpointslices in namespace "runners" to ServiceAccount '
        "runners/app. Grant only read access to these resources."
    ),
    "change-storage": (
        "The role grants update on csidrivers in the whole cluster to ServiceAccount "
        "runners/app. Grant only read access to these resources."
    ),
    "place-pods": (
        'The role grants create on pods/binding in namespace "runners" to ServiceAccount '
        "runners/app. Remove `pods/binding` and `bindings` from `resources`, and grant only "
        "read access to `runtimeclasses`."
    ),
    "change-system-configuration": (
        "The role grants update on configmaps in the whole cluster to ServiceAccount "
        "runners/app. Bind the role in other namespaces, or list the ConfigMaps in "
        "`resourceNames`."
    ),
    "baseline-host-process": (
        "The pod sets securityContext.windowsOptions.hostProcess: true; set it to false."
    ),
    "baseline-host-namespaces": "The pod sets hostNetwork: true; set it to false.",
    "baseline-privileged-containers": (
        'Container "app" sets securityContext.privileged: true; set it to false.'
    ),
    "baseline-capabilities": (
        'Container "app" sets securityContext.capabilities.add: "SYS_ADMIN"; remove it or '
        "keep only default capabilities."
    ),
    "baseline-host-path-volumes": (
        'The pod mounts hostPath "/var/run"; use another type of volume.'
    ),
    "baseline-host-ports": 'Container "app" uses hostPort 8080; remove hostPort.',
    "baseline-host-probes": (
        'Container "app" sets host "example.com" in a probe or lifecycle hook; remove host.'
    ),
    "baseline-app-armor": (
        'The pod sets securityContext.appArmorProfile.type: "Unconfined"; set it to '
        "RuntimeDefault or Localhost."
    ),
    "baseline-se-linux": (
        'The pod sets securityContext.seLinuxOptions to "type: spc_t"; use a container '
        "type, without user and role."
    ),
    "baseline-proc-mount": (
        'Container "app" sets securityContext.procMount: "Unmasked"; set it to Default.'
    ),
    "baseline-seccomp": (
        'The pod sets securityContext.seccompProfile.type: "Unconfined"; set it to '
        "RuntimeDefault or Localhost."
    ),
    "baseline-sysctls": 'The pod sets securityContext.sysctls "kernel.msgmax"; remove them.',
    "restricted-volume-types": (
        'The pod mounts volumes "data" of type "hostPath"; use only configMap, csi, '
        "downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret."
    ),
    "restricted-privilege-escalation": (
        'Container "init" lacks securityContext.allowPrivilegeEscalation: false; set it.'
    ),
    "restricted-run-as-non-root": (
        'Container "app" lacks securityContext.runAsNonRoot: true; set it for the '
        "container or the pod."
    ),
    "restricted-run-as-user": (
        "The pod sets securityContext.runAsUser: 0; set it to another user."
    ),
    "restricted-seccomp": (
        'The pod sets securityContext.seccompProfile.type: "Unconfined"; set it to '
        "RuntimeDefault or Localhost."
    ),
    "restricted-capabilities": (
        'Container "init" lacks securityContext.capabilities.drop: "ALL"; add it.'
    ),
    "restricted-proc-mount": (
        'Container "app" sets securityContext.procMount: "Unmasked"; set it to Default.'
    ),
    "image-latest-tag": (
        'Container "app" uses image "registry:5000/app" with the tag latest or without a '
        "tag; set a version tag or a digest."
    ),
    "image-without-digest": (
        'Container "app" uses image "app:v1" without a digest; append its digest.'
    ),
    "secret-in-config-map": (
        'The data contains what appears to be a credential in "password"; move it to a Secret.'
    ),
    "secret-in-environment": (
        'Container "app" sets env "API_KEY" to what appears to be a credential; use '
        "valueFrom.secretKeyRef."
    ),
    "secret-in-command": (
        'Container "app" contains what appears to be a credential in "args: password"; use an '
        "environment variable from a Secret."
    ),
    "secret-in-annotation": (
        'In the pod: The annotation "example.com/token" contains what appears to be a credential; '
        "move it to a Secret."
    ),
    "node-persistent-volume": (
        'The volume sets spec.hostPath.path: "/", which is on a node; use another type of volume.'
    ),
    "identity-secret": (
        "The Secret makes a token of ServiceAccount runners/other, which the manifest does not "
        "contain; remove the Secret or add the ServiceAccount."
    ),
    "long-lived-token": (
        "The Secret makes a token of ServiceAccount runners/app that never expires; remove the "
        "Secret."
    ),
    "admission-control": (
        "The MutatingWebhookConfiguration sends objects to a webhook, which can read and change "
        "them; remove it, or restrict it to the objects of the manifest."
    ),
    "api-extension": (
        "The ValidatingAdmissionPolicy can reject objects that are written to the cluster; remove "
        "it, or restrict it to the objects of the manifest."
    ),
    "lowered-pod-security": (
        "The label pod-security.kubernetes.io/enforce: privileged allows pods that control their "
        "node; set it to restricted or baseline."
    ),
    "certificate-request": (
        "The CertificateSigningRequest requests a certificate from signer "
        '"kubernetes.io/kubelet-serving"; remove it.'
    ),
    "manual-endpoints": (
        'The Endpoints sends traffic of Service "runners/app" to addresses that it lists; set a '
        "selector in the Service and remove the object."
    ),
    "cluster-state": 'The Binding assigns pod "app" to node "worker"; remove it.',
    "unreviewed-pod": (
        'The object sets "spec.image" outside of a pod, and the rest of that pod is unknown; find '
        "out which pods its controller creates."
    ),
    "unreviewed-kind": (
        'Only the pods of the kind "Task" of API group "example.com" are reviewed; find out what '
        "else its controller creates, and whether it grants permissions."
    ),
    "unreviewed-permissions": (
        'The object contains rules or names of roles in "spec.verbs", which are not reviewed; '
        "find out which permissions its controller grants."
    ),
    "missing-service-account": (
        "The serviceAccountName refers to ServiceAccount runners/app, which the manifest "
        "does not contain; add it or create it first."
    ),
    "missing-role": (
        'The roleRef refers to Role "app", which the manifest does not contain; add it or '
        "create it first."
    ),
    "missing-subject": (
        "The subjects include ServiceAccount runners/app, which the manifest does not "
        "contain; add it or create it first."
    ),
    "service-account-without-role": (
        "The serviceAccountName refers to ServiceAccount runners/app, to which no binding "
        "grants a role; bind a role to it or remove serviceAccountName."
    ),
    "missing-secret": (
        'The pod needs Secret "credentials", which the manifest does not contain; add it, '
        "create it first, or mark the reference optional."
    ),
    "missing-config-map": (
        'The pod needs ConfigMap "settings", which the manifest does not contain; add it, '
        "create it first, or mark the reference optional."
    ),
    "missing-namespace": (
        "The manifest contains ServiceAccount/runners/app in this namespace, but not the "
        "namespace itself; add it or create it first."
    ),
    "optional-secret": (
        'The pod reads Secret "credentials" if it exists, and the manifest does not contain it; '
        "add it or remove the reference."
    ),
    "invalid-object": (
        "Field data.enabled is true (boolean) and must be a string; put its value in quotes."
    ),
    "image-not-allowed": (
        f'Container "app" uses image "ghcr.io/example/app@sha256:{ZEROS}", which matches no '
        "pattern in allowed_images; use an allowed image or add a pattern."
    ),
    "namespace-not-allowed": (
        'The metadata.namespace is "runners", which matches no pattern in '
        "allowed_namespaces; change it or add a pattern."
    ),
    "kind-not-allowed": (
        'The kind is "apps/v1/Deployment", which matches no pattern in allowed_kinds; '
        "remove the object or add a pattern."
    ),
}


def objects_that_break(rule: str) -> tuple[KubernetesObject, ...]:
    if rule in RULE_CASES:
        return parsed(*RULE_CASES[rule][0])
    if rule.endswith("-not-allowed"):
        return parsed(deployment())
    if rule == "baseline-proc-mount":
        return parsed(deployment(pod_spec(secured(procMount="Unmasked"))))
    cases = (case for case in POD_CASES if case.name != "nothing-set" and rule in case.breaks)
    case = next(cases)
    return parsed(deployment(case.spec, annotations=case.annotations))


@pytest.mark.parametrize("rule", RULES)
def test_the_message_names_field_value_and_fix(rule: str) -> None:
    policy = NOTHING_ALLOWED if rule.endswith("-not-allowed") else ManifestPolicy()
    findings = review(objects_that_break(rule), policy).findings
    messages = [finding.message for finding in findings if finding.rule == rule]
    assert messages[0] == MESSAGES[rule]


def test_every_rule_has_a_message() -> None:
    assert list(MESSAGES) == list(RULES)
