"""The rights that the review reports are those of a real API server, and do what it says."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from kubernetes.client import ApiClient
from kubernetes.config import new_client_from_config

from kubiya_pulumi.review import review
from kubiya_pulumi.review.checks.access import RISKS
from tests.harness.kubectl import Kubectl
from tests.review.manifest_objects import (
    Object,
    cluster_role,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    rule,
    service_account,
    subject,
)
from tests.review.permissions_document import rights_without_rule

pytestmark = pytest.mark.cluster

NAMESPACE = "rights"
WRITE = {"create", "update", "patch"}
LABELS = {"metadata": {"labels": {"changed": "yes"}}}
CERTIFICATES = "certificates.k8s.io"
SIGNER = "kubernetes.io/kube-apiserver-client"
SECRET = b64encode(b"content").decode()


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    return Kubectl(control_plane)


@pytest.fixture
def namespace(kubectl: Kubectl, tmp_path: Path) -> Iterator[str]:
    """A namespace with a pod, two Secrets and a ServiceAccount, and with a second account."""
    file = tmp_path / "objects.yaml"
    objects = (
        kubernetes_object("Namespace", NAMESPACE, ""),
        service_account("holder", NAMESPACE),
        service_account("other", NAMESPACE),
        kubernetes_object("Pod", "pod", NAMESPACE, spec=pod_spec(serviceAccountName="other")),
        *(
            kubernetes_object("Secret", name, NAMESPACE, data={"key": SECRET})
            for name in ("one", "two")
        ),
    )
    file.write_text(yaml.safe_dump_all(objects))
    try:
        kubectl("apply", f"--filename={file}")
        yield NAMESPACE
    finally:
        kubectl("delete", f"--filename={file}", "--ignore-not-found", "--timeout=120s")


@pytest.fixture
def grant(kubectl: Kubectl, tmp_path: Path) -> Iterator[Any]:
    """Grants the ServiceAccount `holder` these rights, and no others, in the whole cluster."""
    file = tmp_path / "right.yaml"

    def granted(*policy_rules: Object) -> None:
        binding = grant_role("the-right", subject("holder", NAMESPACE), name="the-right")
        file.write_text(
            yaml.safe_dump_all([cluster_role(*policy_rules, name="the-right"), binding])
        )
        kubectl("apply", f"--filename={file}")

    yield granted
    if file.exists():
        kubectl("delete", f"--filename={file}", "--ignore-not-found")


@pytest.fixture
def holder(control_plane: Path) -> Iterator[ApiClient]:
    """A client of the API server that acts as the ServiceAccount."""
    with new_client_from_config(str(control_plane)) as client:
        user = f"system:serviceaccount:{NAMESPACE}:holder"
        client.set_default_header("Impersonate-User", user)
        yield client


def call(client: ApiClient, method: str, path: str, body: Object | None = None) -> Any:
    """Send a request, and return the object in the response."""
    content_type = f"application/{'merge-patch+' if method == 'PATCH' else ''}json"
    request = client.param_serialize(
        method,
        path,
        header_params={"Accept": "application/json", "Content-Type": content_type},
        body=body,
        auth_settings=["BearerToken"],
    )
    response = client.call_api(*request)
    text = response.read()
    assert response.status < 300, text
    return json.loads(text)


def test_every_right_to_write_is_reported_or_documented(kubectl: Kubectl) -> None:
    documented = rights_without_rule()
    risks = {risk.rule.name for risk in RISKS}
    unclear = []
    for group, resource, verbs in resources_of_the_api(kubectl):
        if verbs & WRITE:
            granted = rule(group or "core", resource, " ".join(sorted(verbs & WRITE)))
            result = review(parsed(cluster_role(granted), grant_role("app")))
            is_reported = any(finding.rule in risks for finding in result.findings)
            if is_reported == ((group, resource) in documented):
                unclear.append((group, resource))
    assert unclear == []


def resources_of_the_api(kubectl: Kubectl) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the API group, name and verbs of each resource and subresource."""
    versions = ["api/v1"]
    for group in json.loads(kubectl("get", "--raw=/apis"))["groups"]:
        versions += [f"apis/{version['groupVersion']}" for version in group["versions"]]
    for version in versions:
        listed = json.loads(kubectl("get", f"--raw=/{version}"))
        group = "" if version == "api/v1" else version.split("/")[1]
        if group.endswith("k8s.io") or "." not in group:
            for resource in listed["resources"]:
                yield group, resource["name"], set(resource["verbs"])


def test_the_response_to_a_patch_contains_a_secret(
    namespace: str, grant: Any, holder: ApiClient
) -> None:
    grant(rule("core", "secrets", "patch"))
    path = f"/api/v1/namespaces/{namespace}/secrets/one"
    assert call(holder, "PATCH", path, {})["data"] == {"key": SECRET}


@pytest.mark.parametrize("dry_run", ["", "&dryRun=All"])
def test_the_response_to_a_deletion_contains_a_secret(
    dry_run: str, namespace: str, grant: Any, holder: ApiClient
) -> None:
    """Otherwise the response is only a status: the Secret is returned if something remains."""
    grant(rule("core", "secrets", "delete"))
    path = f"/api/v1/namespaces/{namespace}/secrets/one?propagationPolicy=Foreground{dry_run}"
    assert call(holder, "DELETE", path)["data"] == {"key": SECRET}


def test_the_response_to_a_deletion_of_a_collection_contains_its_secrets(
    namespace: str, grant: Any, holder: ApiClient
) -> None:
    grant(rule("core", "secrets", "deletecollection"))
    deleted = call(holder, "DELETE", f"/api/v1/namespaces/{namespace}/secrets")
    contents = {item["metadata"]["name"]: item["data"] for item in deleted["items"]}
    assert contents == {"one": {"key": SECRET}, "two": {"key": SECRET}}


def test_a_new_secret_gets_the_token_of_any_account(
    namespace: str, grant: Any, holder: ApiClient, kubectl: Kubectl
) -> None:
    grant(rule("core", "secrets", "create"))
    secret = kubernetes_object(
        "Secret", "token", namespace, type="kubernetes.io/service-account-token"
    )
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "other"}
    call(holder, "POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    has_token = "--for=jsonpath={.data.token}"
    kubectl("wait", "secret/token", f"--namespace={namespace}", has_token, "--timeout=60s")


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("namespaces/status", f"/api/v1/namespaces/{NAMESPACE}/status?dryRun=All"),
        ("nodes/status", "/api/v1/nodes/node-1/status?dryRun=All"),
        ("pods/status", f"/api/v1/namespaces/{NAMESPACE}/pods/pod/status?dryRun=All"),
    ],
)
@pytest.mark.usefixtures("namespace")
def test_labels_can_be_changed_with_the_status(
    resource: str, path: str, grant: Any, holder: ApiClient
) -> None:
    grant(rule("core", resource, "patch"))
    assert call(holder, "PATCH", path, LABELS)["metadata"]["labels"]["changed"] == "yes"


@pytest.fixture
def certificate_request(kubectl: Kubectl, tmp_path: Path) -> Iterator[str]:
    """The path of a certificate request, which names a signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    signed = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    pem = b64encode(signed.public_bytes(Encoding.PEM)).decode()
    api_version = f"{CERTIFICATES}/v1"
    spec = {"request": pem, "signerName": SIGNER, "usages": ["client auth"]}
    request = kubernetes_object("CertificateSigningRequest", "somebody", "", api_version, spec=spec)
    file = tmp_path / "request.yaml"
    file.write_text(yaml.safe_dump(request))
    kubectl("apply", f"--filename={file}")
    yield f"/apis/{api_version}/certificatesigningrequests/somebody"
    kubectl("delete", f"--filename={file}")


@pytest.mark.usefixtures("namespace")
@pytest.mark.parametrize("signers", [(), (SIGNER,), ("kubernetes.io/*",), ("example.com/other",)])
def test_an_approval_also_needs_approve_on_the_signer(
    signers: tuple[str, ...],
    certificate_request: str,
    grant: Any,
    holder: ApiClient,
    kubectl: Kubectl,
) -> None:
    request = json.loads(kubectl("get", f"--raw={certificate_request}"))
    condition = {"type": "Approved", "status": "True", "reason": "Test"}
    approved = {**request, "status": {"conditions": [condition]}}
    path = f"{certificate_request}/approval?dryRun=All"
    approval = rule(CERTIFICATES, "certificatesigningrequests/approval", "update")
    grant(approval)
    with pytest.raises(AssertionError, match='"code":403'):
        call(holder, "PUT", path, approved)
    grant(approval, rule(CERTIFICATES, "signers", "approve", *signers))
    if "example.com/other" in signers:
        with pytest.raises(AssertionError, match='"code":403'):
            call(holder, "PUT", path, approved)
    else:
        assert call(holder, "PUT", path, approved)["status"]["conditions"]


def test_labels_of_a_namespace_can_be_changed_with_finalize(
    namespace: str, grant: Any, holder: ApiClient, kubectl: Kubectl
) -> None:
    grant(rule("core", "namespaces/finalize", "update"))
    body = json.loads(kubectl("get", "namespace", namespace, "--output=json"))
    body["metadata"]["labels"]["changed"] = "yes"
    changed = call(holder, "PUT", f"/api/v1/namespaces/{namespace}/finalize?dryRun=All", body)
    assert changed["metadata"]["labels"]["changed"] == "yes"
