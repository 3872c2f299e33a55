"""The parts of a DOCX file, and its XML by names without namespaces.

There are two sets of namespaces (transitional and strict) for the same names.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # compiled

Element = Any
"""An element of lxml, which has no types."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of a part to another."""

    kind: str
    target: str
    is_external: bool


class Package:
    """The parts of a file and the relationships between them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}

    def find_main(self) -> str:
        """Return the name of the document's part.

        Raises:
            ValueError: there is none.
        """
        for relation in self.relations("").values():
            if relation.kind == "officeDocument":
                return relation.target
        raise ValueError("no document")

    def relations(self, part: str) -> dict[str, Relation]:
        """Return the relationships of a part by their ids."""
        folder, name = posixpath.split(part)
        data = self.read(posixpath.join(folder, "_rels", f"{name}.rels"))
        relations: dict[str, Relation] = {}
        for each in () if data is None else children(_parse(data)):
            target = unquote(each.get("Target") or "")
            is_external = each.get("TargetMode") == "External"
            if not is_external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = (each.get("Type") or "").rpartition("/")[2]
            relations[each.get("Id") or ""] = Relation(kind, target, is_external)
        return relations

    def read(self, part: str) -> bytes | None:
        """Return a part; None if there is none."""
        name = self._names.get(part.lower())
        return None if name is None else self._archive.read(name)

    def parse(self, part: str) -> Element:
        """Return the root of a part.

        Raises:
            ValueError: there is none.
        """
        data = self.read(part)
        if data is None:
            raise ValueError(f"no {part}")
        return _parse(data)

    def parse_related(self, part: str, kind: str) -> Element | None:
        """Return the root of the first part that has this relationship to another."""
        for relation in self.relations(part).values():
            if relation.kind == kind and self.read(relation.target) is not None:
                return self.parse(relation.target)
        return None


def _parse(data: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(data, parser)


def children(element: Element) -> Iterator[Element]:
    """Yield the child elements, without comments."""
    return element.iterchildren(tag=etree.Element)


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def find(element: Element | None, *path: str) -> Element | None:
    """Return the first element on a path of names."""
    for name in path:
        if element is None:
            return None
        element = next((each for each in children(element) if local_name(each) == name), None)
    return element


def find_all(element: Element | None, name: str) -> Iterator[Element]:
    """Yield the children of this name."""
    if element is not None:
        yield from (each for each in children(element) if local_name(each) == name)


def attribute(element: Element | None, name: str) -> str | None:
    """Return an attribute by its name without a namespace."""
    if element is None:
        return None
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), None)


def value_at(element: Element | None, *path: str) -> str | None:
    """Return the attribute ``val`` of the element on a path."""
    return attribute(find(element, *path), "val")
