"""What a runner's manifest holds, what it asks for, and what it lacks.

From a manifest's text to its Kubernetes objects and images, a table of who may do what, and
findings by rules. Pure functions of text: no network, no Pulumi.
"""

from kubiya_pulumi.review.catalogue import RULES
from kubiya_pulumi.review.container_images import images
from kubiya_pulumi.review.digest import sha256_of
from kubiya_pulumi.review.errors import ManifestError, ReviewDeniedError, ReviewRulesError
from kubiya_pulumi.review.findings import Direction, Finding, ObjectReference, Rule, Severity
from kubiya_pulumi.review.objects import KubernetesObject, parse_manifest
from kubiya_pulumi.review.rbac import Grant, PolicyRule, Subject, can
from kubiya_pulumi.review.report import Review, Waived, review
from kubiya_pulumi.review.rules import ReviewRules, Waiver

__all__ = [
    "RULES",
    "Direction",
    "Finding",
    "Grant",
    "KubernetesObject",
    "ManifestError",
    "ObjectReference",
    "PolicyRule",
    "Review",
    "ReviewDeniedError",
    "ReviewRules",
    "ReviewRulesError",
    "Rule",
    "Severity",
    "Subject",
    "Waived",
    "Waiver",
    "can",
    "images",
    "parse_manifest",
    "review",
    "sha256_of",
]
