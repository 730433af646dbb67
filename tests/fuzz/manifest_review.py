"""What has to hold of the reader of manifests and the review, whatever they are given."""

from __future__ import annotations

import json
from unittest.mock import patch

import yaml

from kubiya_pulumi.review import ManifestError, parse_manifest, review
from kubiya_pulumi.review.kubernetes import manifest
from tests.fuzz.sentences import is_sentence


class _PythonLoader(yaml.SafeLoader):
    """The reader's loader where PyYAML comes without libyaml."""

    yaml_constructors = manifest._Loader.yaml_constructors


LOADERS = (_PythonLoader, manifest._Loader)


def reviewed(text: str) -> bool:
    """Read and review a text by each loader; give whether the reader's own takes it."""
    taken = False
    for loader in LOADERS:
        with patch.object(manifest, "_Loader", loader):
            taken = _reviewed(text)
    return taken


def _reviewed(text: str) -> bool:
    try:
        report = review(parse_manifest(text))
    except ManifestError as error:
        refused = str(error)
    else:
        json.dumps(report.to_dict(), allow_nan=False, ensure_ascii=False).encode()
        for finding in report.findings:
            assert is_sentence(finding.message), ascii(finding.message)
        return True
    assert is_sentence(refused), ascii(refused)
    return False
