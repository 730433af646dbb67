"""A program and a definition of a custom kind that several tests deploy."""

from __future__ import annotations

RUNNER_DEPLOYMENT = """
import pulumi
from kubiya_pulumi import RunnerDeployment

config = pulumi.Config()
RunnerDeployment(
    "runner",
    name=config.require("runner"),
    adopt_existing=True,
    delete_namespaces=config.get_bool("deleteNamespaces") or False,
)
"""
"""Takes over the runner that the setting `runner` names."""

WIDGET_DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
