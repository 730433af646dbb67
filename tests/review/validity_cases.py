"""Objects that the API server refuses, each with the finding, and objects that it accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ORDINARY_OBJECTS = Path(__file__).with_name("ordinary_objects.yaml")
"""A manifest with an ordinary object of each kind of Kubernetes."""


@dataclass(frozen=True)
class Refused:
    """A manifest with one object that the API server refuses."""

    manifest: str
    message: str
    """The message of its only finding."""


def _object(api_version: str, kind: str, name: str = "x", **content: Any) -> str:
    metadata = {"name": name, **content.pop("metadata", {})}
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
    return json.dumps(body) + "\n"


def _pod(**container: Any) -> str:
    return _pod_spec(containers=[{"name": "app", "image": "app:1", **container}])


def _pod_spec(**spec: Any) -> str:
    containers = [{"name": "app", "image": "app:1"}]
    return _object("v1", "Pod", spec={"containers": containers, **spec})


def _deployment(**spec: Any) -> str:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
    }
    selector = {"matchLabels": {"app": "x"}}
    return _object(
        "apps/v1", "Deployment", spec={"selector": selector, "template": template} | spec
    )


def _config_map(**content: Any) -> str:
    return _object("v1", "ConfigMap", **content)


def widget_definition(fields: dict[str, Any], **root: Any) -> str:
    """Return a CustomResourceDefinition for Widgets whose `spec` has these fields."""
    spec = {"type": "object", "properties": fields, **root}
    schema = {"type": "object", "properties": {"spec": spec}}
    versions = [
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
        {
            "name": "v1beta1",
            "served": False,
            "storage": False,
            "schema": {"openAPIV3Schema": schema},
        },
    ]
    return (
        _object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "widgets.example.com",
            spec={
                "group": "example.com",
                "names": {"plural": "widgets", "kind": "Widget"},
                "scope": "Namespaced",
                "versions": versions,
            },
        )
        + "---\n"
    )


def custom_resource(spec: Any, version: str = "v1", **content: Any) -> str:
    """Return a Widget."""
    namespace = {"namespace": "default"}
    return _object(f"example.com/{version}", "Widget", metadata=namespace, spec=spec, **content)


QUOTES = "put its value in quotes."
UNQUOTE = "remove its quotes, or correct it."

REFUSED = {
    "a boolean in a ConfigMap": Refused(
        _config_map(data={"enabled": False}),
        f"Field data.enabled is false (boolean) and must be a string; {QUOTES}",
    ),
    "a number in a ConfigMap": Refused(
        _config_map(data={"port": 8080}),
        f"Field data.port is a number and must be a string; {QUOTES}",
    ),
    "an object in a ConfigMap": Refused(
        _config_map(data={"app.yaml": {"a": "b"}}),
        'Field data["app.yaml"] is an object and must be a string; change it.',
    ),
    "data as a list": Refused(
        _config_map(data=["a"]), "Field data is a list and must be an object; change it."
    ),
    "a number as a label": Refused(
        _config_map(metadata={"labels": {"version": 2}}),
        f"Field metadata.labels.version is a number and must be a string; {QUOTES}",
    ),
    "a boolean as an annotation": Refused(
        _config_map(metadata={"annotations": {"a": True}}),
        f"Field metadata.annotations.a is true (boolean) and must be a string; {QUOTES}",
    ),
    "an unknown field at the root": Refused(
        _config_map(dta={}),
        'Field dta does not exist in ConfigMap of v1; rename it to "data", or remove it.',
    ),
    "a number in the environment": Refused(
        _pod(env=[{"name": "PORT", "value": 8080}]),
        f'Field spec.containers[name="app"].env[name="PORT"].value is a number and must be a '
        f"string; {QUOTES}",
    ),
    "a boolean in the environment": Refused(
        _pod(env=[{"name": "DEBUG", "value": True}]),
        f'Field spec.containers[name="app"].env[name="DEBUG"].value is a boolean and must be a '
        f"string; {QUOTES}",
    ),
    "a number as an argument": Refused(
        _pod(args=["--port", 80]),
        f'Field spec.containers[name="app"].args[1] is a number and must be a string; {QUOTES}',
    ),
    "a misspelled field": Refused(
        _pod(imagePullPolcy="Always"),
        'Field spec.containers[name="app"].imagePullPolcy does not exist in Pod of v1; rename '
        'it to "imagePullPolicy", or remove it.',
    ),
    "a field in the wrong place": Refused(
        _deployment(containers=[]),
        "Field spec.containers does not exist in Deployment of apps/v1; remove it or rename "
        "it.",
    ),
    "a container without a name": Refused(
        _pod_spec(containers=[{"image": "app:1"}]),
        "Field spec.containers[0].name is required; add it.",
    ),
    "a pod without containers": Refused(
        _object("v1", "Pod", spec={}), "Field spec.containers is required; add it."
    ),
    "null for a required field": Refused(
        _object("v1", "Pod", spec={"containers": None}),
        "Field spec.containers is required; add it.",
    ),
    "a string as the number of replicas": Refused(
        _deployment(replicas="3"),
        f"Field spec.replicas is a string and must be an integer; {UNQUOTE}",
    ),
    "a fraction as the number of replicas": Refused(
        _deployment(replicas=1.5),
        "Field spec.replicas is a number and must be an integer; change it.",
    ),
    "a string as a boolean": Refused(
        _pod_spec(hostNetwork="true"),
        f"Field spec.hostNetwork is a string and must be true or false; {UNQUOTE}",
    ),
    "an object as a list": Refused(
        _pod_spec(volumes={"name": "data"}),
        "Field spec.volumes is an object and must be a list; change it.",
    ),
    "a boolean as a port": Refused(
        _pod(livenessProbe={"tcpSocket": {"port": True}}),
        'Field spec.containers[name="app"].livenessProbe.tcpSocket.port is true (boolean) and '
        "must be an integer or a string; change it.",
    ),
    "a quantity with another unit": Refused(
        _pod(resources={"limits": {"memory": "128MB"}}),
        'Field spec.containers[name="app"].resources.limits.memory is not a quantity; set it to a '
        'number, with a unit such as "m", "Mi" or "Gi" if it needs one.',
    ),
    "a variable twice": Refused(
        _pod(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        'Field spec.containers[name="app"].env[name="A"] has the same name as another entry of '
        "its list; remove one of them.",
    ),
    "a port twice": Refused(
        _pod(ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]),
        'Field spec.containers[name="app"].ports[1] has the same containerPort, protocol as '
        "another entry of its list; remove one of them.",
    ),
    "a finalizer twice": Refused(
        _config_map(metadata={"finalizers": ["example.com/a", "example.com/a"]}),
        "Field metadata.finalizers[1] is equal to another entry of its list; remove one of them.",
    ),
    "null as a container": Refused(
        _pod_spec(containers=[None]),
        "Field spec.containers[0] is null and must be an object; change it.",
    ),
    "a Secret that is not base64": Refused(
        _object("v1", "Secret", data={"key": "plain text!"}),
        "Field data.key is not valid base64; encode its value in base64.",
    ),
    "a number in a Secret": Refused(
        _object("v1", "Secret", stringData={"pin": 1234}),
        f"Field stringData.pin is a number and must be a string; {QUOTES}",
    ),
    "an API version that was removed": Refused(
        _object("extensions/v1beta1", "Ingress", spec={}),
        'The API version "extensions/v1beta1" has no kind "Ingress".',
    ),
    "an older version of a kind": Refused(
        _object("policy/v1beta1", "PodDisruptionBudget", spec={}),
        'The API version "policy/v1beta1" of kind "PodDisruptionBudget" is not served; use '
        '"policy/v1".',
    ),
    "a kind in the wrong group": Refused(
        _object("v1", "Deployment", spec={}), 'The API version "v1" has no kind "Deployment".'
    ),
    "a kind in lower case": Refused(
        _object("v1", "configmap"), 'The API version "v1" has no kind "configmap".'
    ),
    "a name with capitals": Refused(
        _config_map(name="Foo_Bar"),
        'The name "Foo_Bar" is invalid; use up to 253 lower-case letters, digits, "-" and ".".',
    ),
    "a namespace with a dot": Refused(
        _object("v1", "Namespace", "a.b"),
        'The name "a.b" is invalid; use up to 63 lower-case letters, digits and "-".',
    ),
    "a Service that starts with a digit": Refused(
        _object("v1", "Service", "1st", spec={"ports": [{"port": 80}]}),
        'The name "1st" is invalid; use a lower-case letter, and after it up to 62 lower-case '
        'letters, digits and "-".',
    ),
    "a role with a slash": Refused(
        _object("rbac.authorization.k8s.io/v1", "ClusterRole", "a/b", rules=[]),
        'The name "a/b" is invalid; use a name without "/" and "%".',
    ),
    "a label with a space": Refused(
        _config_map(metadata={"labels": {"owner": "a b"}}),
        'The values of labels "owner" are invalid; use up to 63 letters, digits, "-", "_" and '
        '".".',
    ),
    "a label without a name": Refused(
        _config_map(metadata={"labels": {"example.com/": "a"}}),
        'The keys of labels "example.com/" are invalid; use up to 63 letters, digits, "-", "_" '
        'and ".", after an optional domain and "/".',
    ),
    "a selector that misses its template": Refused(
        _deployment(selector={"matchLabels": {"app": "y"}}),
        "Field spec.selector does not match spec.template.metadata.labels; make their labels "
        "equal.",
    ),
    "an empty selector": Refused(
        _deployment(selector={}),
        "Field spec.selector is empty; set its matchLabels to the labels of the template.",
    ),
    "a custom resource with null": Refused(
        widget_definition({"size": {"type": "integer"}}) + custom_resource({"size": None}),
        "Field spec.size is null and must be an integer; change it.",
    ),
    "a custom resource with null as a port": Refused(
        widget_definition({"port": {"x-kubernetes-int-or-string": True}})
        + custom_resource({"port": None}),
        "Field spec.port is null and must be an integer or a string; change it.",
    ),
    "a custom resource with null for a required field": Refused(
        widget_definition({"size": {"type": "integer"}}, required=["size"])
        + custom_resource({"size": None}),
        "Field spec.size is null and must be an integer; change it.",
    ),
    "a custom resource with null in a list": Refused(
        widget_definition({"sizes": {"type": "array", "items": {"type": "integer"}}})
        + custom_resource({"sizes": [None]}),
        "Field spec.sizes[0] is null and must be an integer; change it.",
    ),
    "a custom resource without its content": Refused(
        widget_definition({"size": {"type": "integer"}}) + custom_resource(None),
        "Field spec is null and must be an object; change it.",
    ),
    "a custom resource with an unknown field": Refused(
        widget_definition({"size": {"type": "integer"}}) + custom_resource({"sise": 1}),
        'Field spec.sise does not exist in Widget of example.com/v1; rename it to "size", or '
        "remove it.",
    ),
    "a custom resource without a required field": Refused(
        widget_definition({"size": {"type": "integer"}}, required=["size"]) + custom_resource({}),
        "Field spec.size is required; add it.",
    ),
    "a custom resource outside an enumeration": Refused(
        widget_definition({"mode": {"type": "string", "enum": ["on", "off"]}})
        + custom_resource({"mode": "auto"}),
        'Field spec.mode has a value that is not allowed; set it to one of "on", "off".',
    ),
    "a custom resource below a minimum": Refused(
        widget_definition({"size": {"type": "integer", "minimum": 2}})
        + custom_resource({"size": 1}),
        "Field spec.size must be at least 2; change it.",
    ),
    "a custom resource that exceeds an exclusive maximum": Refused(
        widget_definition({"size": {"type": "integer", "maximum": 2, "exclusiveMaximum": True}})
        + custom_resource({"size": 2}),
        "Field spec.size must be less than 2; change it.",
    ),
    "a custom resource with a label that is a number": Refused(
        widget_definition({"size": {"type": "integer"}})
        + custom_resource({}).replace('"name": "x"', '"name": "x", "labels": {"a": 1}'),
        f"Field metadata.labels.a is a number and must be a string; {QUOTES}",
    ),
    "a custom resource with an embedded object without a kind": Refused(
        widget_definition({"object": {"type": "object", "x-kubernetes-embedded-resource": True,
                                      "x-kubernetes-preserve-unknown-fields": True}})
        + custom_resource({"object": {"apiVersion": "v1", "metadata": {"name": "x"}}}),
        "Field spec.object.kind is required; add it.",
    ),
    "a custom resource that matches no alternative": Refused(
        widget_definition(
            {"a": {"type": "string"}, "b": {"type": "string"}},
            oneOf=[{"required": ["a"]}, {"required": ["b"]}],
        )
        + custom_resource({}),
        'Field spec does not match "oneOf" of its schema; change it.',
    ),
    "a custom resource that violates one of several conditions": Refused(
        widget_definition({"size": {"type": "integer", "allOf": [{"minimum": 1}, {"maximum": 3}]}})
        + custom_resource({"size": 4}),
        "Field spec.size must not exceed 3; change it.",
    ),
    "a custom resource that matches what it must not match": Refused(
        widget_definition({"mode": {"type": "string", "not": {"enum": ["off"]}}})
        + custom_resource({"mode": "off"}),
        'Field spec.mode does not match "not" of its schema; change it.',
    ),
    "a custom resource in a version that is not served": Refused(
        widget_definition({}) + custom_resource({}, "v1beta1"),
        'The API version "example.com/v1beta1" of kind "Widget" is not served; use '
        '"example.com/v1".',
    ),
}  # fmt: skip
"""By a name: manifests whose last object the API server refuses."""

ACCEPTED = {
    "a ConfigMap": _config_map(data={"a": "1"}, binaryData={"b": "YQ=="}, immutable=True),
    "null for optional fields": _pod_spec(volumes=None, nodeSelector=None, hostNetwork=None),
    "null in metadata": _config_map(metadata={"creationTimestamp": None, "labels": None}),
    "null in a map": _config_map(data={"a": None}),
    "a null status": _deployment() .rstrip()[:-1] + ', "status": null}\n',
    "numbers as quantities": _pod(resources={"limits": {"cpu": 1, "memory": "128Mi"}}),
    "a fraction as a quantity": _pod(resources={"limits": {"cpu": 0.5, "memory": "1e9"}}),
    "a name as a port": _pod(
        ports=[{"containerPort": 80, "name": "http"}],
        livenessProbe={"httpGet": {"port": "http"}},
    ),
    "a number as a port": _pod(livenessProbe={"httpGet": {"port": 80}}),
    "a percentage": _deployment(strategy={"rollingUpdate": {"maxSurge": "25%"}}),
    "a whole number with a point": _deployment(replicas=3.0),
    "a port in two protocols": _pod(
        ports=[{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]
    ),
    "null in a list": _pod(args=[None]),
    "a header without a value": _pod(
        livenessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Probe", "value": ""}]}}
    ),
    "a Secret with line breaks": _object("v1", "Secret", data={"key": "cGxhaW4g\ndGV4dA==\n"}),
    "an empty Secret": _object("v1", "Secret", data={"key": ""}, type="Opaque"),
    "a role with a colon": _object(
        "rbac.authorization.k8s.io/v1", "ClusterRole", "example:reader", rules=[]
    ),
    "a role without rules": _object("rbac.authorization.k8s.io/v1", "ClusterRole"),
    "a binding without the group of its role": _object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        roleRef={"kind": "ClusterRole", "name": "view"},
        subjects=[{"kind": "ServiceAccount", "name": "default", "namespace": "default"}],
    ),
    "a status": _object("v1", "Namespace", status={"phase": "Active"}),
    "a PriorityClass without a value": _object("scheduling.k8s.io/v1", "PriorityClass"),
    "an Event with a colon": _object(
        "v1", "Event", "a:b", metadata={"namespace": "default"}, involvedObject={}
    ),
    "a PodDisruptionBudget with capitals": _object("policy/v1", "PodDisruptionBudget", "A_b"),
    "a header that lacks its value": _pod(
        livenessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Probe"}]}}
    ),
    "a sysctl that lacks its value": _pod_spec(
        securityContext={"sysctls": [{"name": "kernel.shm_rmid_forced"}]}
    ),
    "a preference that lacks its terms": _pod_spec(
        affinity={
            "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}
        }
    ),
    "a sleep that lacks its seconds": _pod(lifecycle={"preStop": {"sleep": {}}}),
    "a LimitRange without limits": _object("v1", "LimitRange", spec={}),
    "an EndpointSlice without endpoints": _object(
        "discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4"
    ),
    "a ControllerRevision without a revision": _object(
        "apps/v1", "ControllerRevision", data={"a": 1}
    ),
    "a DeviceClass without content": _object("resource.k8s.io/v1", "DeviceClass"),
    "a CSIDriver without content": _object("storage.k8s.io/v1", "CSIDriver"),
    "a CSINode without drivers": _object("storage.k8s.io/v1", "CSINode", spec={}),
    "a token request without an audience": _object(
        "storage.k8s.io/v1", "CSIDriver", spec={"tokenRequests": [{}]}
    ),
    "a selector by an expression": _deployment(
        selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "y"]}]}
    ),
    "a custom resource": widget_definition({"size": {"type": "integer"}})
    + custom_resource({"size": 1}),
    "a custom resource that satisfies several conditions": widget_definition(
        {
            "size": {"type": "integer", "allOf": [{"minimum": 1}, {"maximum": 3}]},
            "mode": {"type": "string", "not": {"enum": ["off"]}},
        }
    )
    + custom_resource({"size": 3, "mode": "on"}),
    "a custom resource with unknown fields that are preserved": widget_definition(
        {"size": {"type": "integer"}}, **{"x-kubernetes-preserve-unknown-fields": True}
    )
    + custom_resource({"size": 1, "other": [True]}),
    "a custom resource with unknown fields inside of those that are preserved": widget_definition(
        {"size": {"type": "object", "properties": {"a": {"type": "string"}}}},
        **{"x-kubernetes-preserve-unknown-fields": True},
    )
    + custom_resource({"size": {"a": "x", "b": "y"}}),
    "a custom resource with an object of any fields": widget_definition({"any": {"type": "object"}})
    + custom_resource({"any": {"a": 1}}),
    "a custom resource with an integer or a string": widget_definition(
        {"port": {"x-kubernetes-int-or-string": True,
                  "anyOf": [{"type": "integer"}, {"type": "string"}]}}
    )
    + custom_resource({"port": "http"}),
    "a custom resource with null for a default": widget_definition(
        {"a": {"type": "string", "default": "x"}, "b": {"type": "string", "nullable": True}},
        required=["b"],
    )
    + custom_resource({"a": None, "b": None}),
    "a custom resource with a map": widget_definition(
        {"labels": {"type": "object", "additionalProperties": {"type": "string"}}}
    )
    + custom_resource({"labels": {"any": "text"}}),
    "a custom resource with an embedded object": widget_definition(
        {"object": {"type": "object", "x-kubernetes-embedded-resource": True,
                    "x-kubernetes-preserve-unknown-fields": True}}
    )
    + custom_resource(
        {"object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "other": 1}}
    ),
    "a custom resource that matches an alternative": widget_definition(
        {"a": {"type": "string"}, "b": {"type": "string"}},
        oneOf=[{"required": ["a"]}, {"required": ["b"]}],
    )
    + custom_resource({"b": "x"}),
}  # fmt: skip
"""By a name: manifests whose objects the API server accepts."""
