"""What must hold for the manifest parser and the review, whatever the input."""

from __future__ import annotations

import json
from unittest.mock import patch

import yaml

from kubiya_pulumi.review import ManifestError, parse_manifest, review
from kubiya_pulumi.review.kubernetes import yaml_nodes
from tests.fuzz.sentences import is_sentence

LOADERS = (yaml.SafeLoader, yaml_nodes.SafeLoader)
"""The loader that the parser uses if PyYAML comes without libyaml, and its own."""


def reviewed(text: str) -> bool:
    """Parse and review a text with each loader. Return whether its own accepts it."""
    accepted = False
    for loader in LOADERS:
        with patch.object(yaml_nodes, "SafeLoader", loader):
            accepted = _reviewed(text)
    return accepted


def _reviewed(text: str) -> bool:
    try:
        report = review(parse_manifest(text))
    except ManifestError as error:
        message = str(error)
    else:
        json.dumps(report.to_dict(), allow_nan=False, ensure_ascii=False).encode()
        for finding in report.findings:
            assert is_sentence(finding.message), ascii(finding.message)
        return True
    assert is_sentence(message), ascii(message)
    return False
