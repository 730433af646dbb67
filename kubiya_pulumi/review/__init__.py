"""What a runner's manifest holds: from its text to Kubernetes objects and images.

Pure functions of text: no network, no Pulumi.
"""

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.images import images
from kubiya_pulumi.review.objects import KubernetesObject, parse_manifest

__all__ = ["KubernetesObject", "ManifestError", "images", "parse_manifest"]
