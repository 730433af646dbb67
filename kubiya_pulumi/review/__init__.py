"""What a runner's manifest holds, what it asks for, and what it lacks.

From a manifest's text to its Kubernetes objects and images, a table of who may do what, and
findings by rules. Pure functions of text: no network, no Pulumi.
"""

from kubiya_pulumi.review.checks.images import images
from kubiya_pulumi.review.engine import Review, WaivedFinding, review
from kubiya_pulumi.review.errors import ManifestError, ManifestPolicyError, ReviewDeniedError
from kubiya_pulumi.review.findings import Category, Finding, ObjectReference, Rule, Severity
from kubiya_pulumi.review.kubernetes.digest import sha256_of
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject, parse_manifest
from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject, can
from kubiya_pulumi.review.policy import ManifestPolicy, Waiver
from kubiya_pulumi.review.registry import RULES

__all__ = [
    "RULES",
    "Category",
    "Finding",
    "Grant",
    "KubernetesObject",
    "ManifestError",
    "ManifestPolicy",
    "ManifestPolicyError",
    "ObjectReference",
    "PolicyRule",
    "Review",
    "ReviewDeniedError",
    "Rule",
    "Severity",
    "Subject",
    "WaivedFinding",
    "Waiver",
    "can",
    "images",
    "parse_manifest",
    "review",
    "sha256_of",
]
