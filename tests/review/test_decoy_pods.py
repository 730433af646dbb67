"""A compliant pod in an object of a custom kind hides nothing else that the object contains."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import Review, review
from tests.review.custom_pods import IMAGE, VOLUMES, custom, dangerous
from tests.review.manifest_objects import Object, container, parsed, pod_spec

EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def reviewed(**spec: object) -> Review:
    return review(parsed(custom("example.com/v1", "App", **spec)))


def messages(result: Review, rule: str) -> list[str]:
    return [finding.message for finding in result.findings if finding.rule == rule]


def test_the_controller_of_a_reviewed_pod_is_named() -> None:
    result = reviewed(template={"spec": pod_spec()})
    assert messages(result, "unreviewed-kind") == [
        'Only the pods of the kind "App" of API group "example.com" are reviewed; find out what '
        "else its controller creates, and whether it grants permissions."
    ]
    assert messages(result, "unreviewed-pod") == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"rbac": {"rules": [EVERYTHING]}}, "spec.rbac.rules[0].verbs"),
        ({"rbac": {"a": {"verbs": "*", "nonResourceURLs": "/*"}}}, "spec.rbac.a.verbs"),
        ({"rbac": {"clusterRole": "cluster-admin"}}, "spec.rbac.clusterRole"),
        ({"extraClusterRoles": ["cluster-admin"]}, "spec.extraClusterRoles"),
        ({"access": [{"roleRef": {"name": "admin"}}]}, "spec.access[0].roleRef"),
        ({"access": {"kind": "ClusterRole", "name": "admin"}}, "spec.access.kind"),
        ({"access": {"kind": "Role", "name": "admin"}}, "spec.access.kind"),
    ],
)
def test_permissions_are_reported_with_and_without_a_pod(content: Object, field: str) -> None:
    for spec in (content, {"template": {"spec": pod_spec()}, **content}):
        assert messages(reviewed(**spec), "unreviewed-permissions") == [
            f'The object contains rules or names of roles in "{field}", which are not reviewed; '
            "find out which permissions its controller grants."
        ]


@pytest.mark.parametrize(
    "content",
    [
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]},
        {"role": "leader", "roles": ["a"], "clusterRole": "", "roleRef": None},
        {"targetRef": {"kind": "Deployment", "name": "app"}},
    ],
)
def test_other_fields_are_no_permissions(content: Object) -> None:
    assert messages(reviewed(**content), "unreviewed-permissions") == []


def test_rules_of_a_role_in_a_text_are_reported() -> None:
    text = 'rules:\n- apiGroups: ["*"]\n  resources: ["*"]\n  verbs: ["*"]\n'
    [message] = messages(reviewed(values=text), "unreviewed-pod")
    assert '"spec.values"' in message


HIDDEN: Object = {"containers": [dangerous()]}


@pytest.mark.parametrize(
    ("content", "location"),
    [
        ({"volumes": {"x": HIDDEN}}, "spec.volumes.x"),
        ({"volumes": [[HIDDEN]]}, "spec.volumes[0][0]"),
        ({"volumes": [HIDDEN]}, "spec.volumes[0]"),
        ({"volumes": [{"name": "x", "hostPath": HIDDEN}]}, "spec.volumes[0].hostPath"),
        ({"securityContext": HIDDEN}, "spec.securityContext"),
        ({"containers": [container(podTemplate=HIDDEN)]}, "spec.containers[0].podTemplate"),
        ({"containers": [container(env=[HIDDEN])]}, "spec.containers[0].env[0]"),
        ({"containers": [container(), container(**HIDDEN)]}, "spec.containers[1]"),
    ],
)
def test_a_pod_is_found_in_every_field(content: Object, location: str) -> None:
    result = reviewed(**pod_spec() | content)
    assert IMAGE in result.images
    [message] = messages(result, "baseline-privileged-containers")
    assert message.startswith(f"In {location}: ")


@pytest.mark.parametrize(
    ("content", "field", "rule"),
    [
        ({"hostNetwork": True}, "spec.containers[0].hostNetwork", "baseline-host-namespaces"),
        ({"volumes": VOLUMES}, "spec.containers[0].volumes", "baseline-host-path-volumes"),
        ({"proxyImage": IMAGE}, "spec.containers[0].proxyImage", "image-latest-tag"),
    ],
)
def test_fields_of_a_pod_in_a_container_are_reported(
    content: Object, field: str, rule: str
) -> None:
    result = reviewed(containers=[container(**content)])
    [message] = messages(result, "unreviewed-pod")
    assert f'"{field}"' in message
    assert messages(result, rule)


def test_a_part_of_a_pod_in_a_volume_is_reported() -> None:
    result = reviewed(**pod_spec(volumes=[{"name": "x", "hostNetwork": True}]))
    assert '"spec.volumes[0].hostNetwork"' in messages(result, "unreviewed-pod")[0]


def test_an_object_as_text_in_a_field_of_a_container_is_reported() -> None:
    text = "apiVersion: v1\nkind: Pod\n"
    result = reviewed(containers=[container(podTemplate={"text": text})])
    assert '"spec.containers[0].podTemplate.text"' in messages(result, "unreviewed-pod")[0]


def test_what_a_container_runs_is_not_taken_for_an_object() -> None:
    text = "kubectl apply -f - <<EOF\napiVersion: v1\nkind: Pod\nEOF\n"
    step = container(
        command=["sh", "-c", text],
        args=[text],
        env=[{"name": "A", "value": text}],
        script=text,
        securityContext={"privileged": False},
    )
    assert messages(reviewed(steps=[step]), "unreviewed-pod") == []


def test_an_ordinary_pod_has_no_unreviewed_part() -> None:
    spec = pod_spec(
        container(
            env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            ports=[{"containerPort": 80}],
            livenessProbe={"httpGet": {"path": "/", "port": 80}},
            resources={"limits": {"cpu": 1}},
            securityContext={"privileged": True, "windowsOptions": {"hostProcess": True}},
        ),
        volumes=[*VOLUMES, {"name": "i", "image": {"reference": IMAGE}}],
    )
    assert messages(reviewed(template={"spec": spec}), "unreviewed-pod") == []
