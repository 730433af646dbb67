"""The texts of one review, and the place of each object in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kubiya_pulumi.cli.files import show_path
from kubiya_pulumi.review import KubernetesObject, ObjectReference, parse_manifest, sha256_of
from kubiya_pulumi.review.kubernetes.references import reference_to


@dataclass(frozen=True)
class Location:
    """The place of an object."""

    file: str
    line: int
    """Counted from 1."""

    def __str__(self) -> str:
        return f"{show_path(self.file)}:{self.line}"


@dataclass(frozen=True)
class Source:
    """A text with manifests."""

    file: str
    """The path, or the name that a text without a file has in a report."""
    sha256: str
    """The SHA-256 of the text, in hexadecimal."""
    objects: tuple[KubernetesObject, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Source:
        """Parse a text.

        Args:
            file: the path or the name of the text.
            text: the text.

        Raises:
            ManifestError: the text is not a Kubernetes manifest.
        """
        return cls(file, sha256_of(text), parse_manifest(text))


class Sources:
    """All texts of one review."""

    def __init__(self, sources: Sequence[Source], names: Sequence[str], *, single: bool) -> None:
        """Index the objects of the texts.

        Args:
            sources: the texts.
            names: the files and folders that contain them, as the user named them.
            single: whether the user named exactly one text, and no folder.
        """
        self.all: tuple[Source, ...] = tuple(sources)
        self.names: tuple[str, ...] = tuple(names)
        self.single = single
        self._locations: dict[str, list[Location]] = defaultdict(list)
        for source in sources:
            for item in source.objects:
                location = Location(source.file, item.line)
                self._locations[str(reference_to(item))].append(location)

    @property
    def objects(self) -> list[KubernetesObject]:
        """The objects of all texts."""
        return [item for source in self.all for item in source.objects]

    def locations_of(self, reference: ObjectReference) -> Sequence[Location]:
        """Return the places of an object: none if no text has it, several if it is repeated."""
        return self._locations.get(str(reference), ())

    def describe(self, reference: ObjectReference) -> str:
        """Return the name of an object and its places, for a report."""
        places = ", ".join(map(str, self.locations_of(reference)))
        return f"{reference} ({places})" if places else str(reference)
