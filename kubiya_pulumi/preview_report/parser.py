"""Parse the output of `pulumi preview`, in each of its JSON forms."""

from __future__ import annotations

from kubiya_pulumi.preview_report.document import read_document
from kubiya_pulumi.preview_report.errors import USAGE, PreviewError
from kubiya_pulumi.preview_report.event_stream import read_events
from kubiya_pulumi.preview_report.json_values import decode_objects
from kubiya_pulumi.preview_report.preview import Preview


def parse_preview(text: str) -> Preview:
    """Parse the JSON of a preview. Lines before the JSON are skipped.

    Args:
        text: the output of `pulumi preview --json`, as one document or as a stream of events, or
            of `pulumi preview --output json`.

    Raises:
        PreviewError: the text is not wholly in one of these forms, or contradicts itself.
    """
    objects = decode_objects(text)
    if "sequence" in objects[0]:
        return read_events(objects)
    if len(objects) > 1:
        raise PreviewError(f"contains more than one JSON document. {USAGE}")
    return read_document(objects[0])
