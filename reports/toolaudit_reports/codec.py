"""Documents to bytes and back; what cannot be read becomes one clear line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Protocol, TypeVar

import msgspec

from toolaudit_reports.evidence_v1 import EvidenceDocument
from toolaudit_reports.scan_v1 import SCHEMA, ScanDocument

Document = ScanDocument | EvidenceDocument
DocumentType = TypeVar("DocumentType", ScanDocument, EvidenceDocument)

_NAMES: dict[type, str] = {ScanDocument: "scan", EvidenceDocument: "evidence"}
LISTS = ("tools", "conflicts", "orderings", "findings")
"""In the order in which they are written."""
ITEMS_A_PIECE = 50
_SURROGATE = re.compile("[\ud800-\udfff]")


class Items(Protocol):
    """Parts of a document, by their numbers."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> object: ...


class DocumentError(ValueError):
    """The data is not the document it should be; the message is one line with the place in the JSON."""


class _Header(msgspec.Struct):
    schema: int | None = None
    tools: msgspec.Raw = msgspec.Raw()
    items: msgspec.Raw = msgspec.Raw()


def encode(document: Document, *, indent: int = 0) -> bytes:
    """The document as UTF-8 JSON; `indent` 0 is compact on one line.

    Lone surrogates (odd file names) are written as `\\udc80` text.
    """
    data = encoded(document)
    return msgspec.json.format(data, indent=indent) if indent else data


def pieces(document: ScanDocument, conflicts: Items | None = None) -> Iterator[bytes]:
    """What `encode` gives, in pieces of some tens of kilobytes: a document of many conflicts is never in memory as one string. `conflicts`
    are made as they are asked for; without them, those of the document."""
    rest = encode(msgspec.structs.replace(document, tools=(), conflicts=(), orderings=(), findings=()))
    at = 0
    for name in LISTS:
        opening = f'"{name}":['.encode()
        end = rest.find(opening, at) + len(opening)
        if end < at + len(opening):
            raise AssertionError(f"a scan document lists its {name}")
        yield rest[at:end]
        yield from _listed(getattr(document, name) if name != "conflicts" or conflicts is None else conflicts)
        at = end
    yield rest[at:]


def _listed(items: Items) -> Iterator[bytes]:
    for start in range(0, len(items), ITEMS_A_PIECE):
        some = [items[number] for number in range(start, min(start + ITEMS_A_PIECE, len(items)))]
        yield b"," * bool(start) + encoded(some)[1:-1]


def load_scan(data: bytes, *, source: str = "document") -> ScanDocument:
    """The scan document in `data`. Raises DocumentError, naming `source` and the JSON path, when it is none."""
    return _load(data, ScanDocument, source)


def load_evidence(data: bytes, *, source: str = "document") -> EvidenceDocument:
    """The evidence document in `data`. Raises DocumentError, naming `source` and the JSON path, when it is none."""
    return _load(data, EvidenceDocument, source)


def load(data: bytes, *, source: str = "document") -> Document:
    """Whichever document `data` holds: `tools` makes it a scan, `items` evidence. Raises DocumentError otherwise."""
    header = _header(data, source)
    if bytes(header.tools):
        return _load(data, ScanDocument, source)
    if bytes(header.items):
        return _load(data, EvidenceDocument, source)
    raise DocumentError(f"{source}: neither a scan document (no `tools`) nor an evidence document (no `items`)")


def json_schema(document_type: type[Document]) -> bytes:
    """The JSON Schema (2020-12) of a document type, as shipped in `schema/`."""
    schema = msgspec.json.schema(document_type)
    title = f"toolaudit {_NAMES[document_type]} document"
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return msgspec.json.format(msgspec.json.encode(head | schema, order="deterministic"), indent=1) + b"\n"


def shipped_schema(document_type: type[Document]) -> bytes:
    """The schema file that ships with the package."""
    name = f"{_NAMES[document_type]}-v{SCHEMA}.json"
    return (resources.files("toolaudit_reports") / "schema" / name).read_bytes()


def _load(data: bytes, document_type: type[DocumentType], source: str) -> DocumentType:
    _header(data, source)
    name = _NAMES[document_type]
    try:
        return msgspec.json.decode(data, type=document_type)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DocumentError(f"{source}: not a toolaudit {name} document: {_one_line(error)}") from None


def encoded(value: object) -> bytes:
    """A part of a document."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_without_surrogates(msgspec.to_builtins(value)))


def _header(data: bytes, source: str) -> _Header:
    """What is needed to tell documents apart; refuses other schema versions before their fields can confuse."""
    try:
        header = msgspec.json.decode(data, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(f"{source}: not a toolaudit document: {_one_line(error)}") from None
    if header.schema is None:
        raise DocumentError(f"{source}: not a toolaudit document: no `schema` at `$`")
    if header.schema != SCHEMA:
        hint = "upgrade toolaudit to read it" if header.schema > SCHEMA else "write it again with this version"
        raise DocumentError(f"{source}: document schema {header.schema}, this toolaudit reads {SCHEMA}: {hint}")
    return header


def _one_line(error: Exception) -> str:
    text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return " ".join(text.split())


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
