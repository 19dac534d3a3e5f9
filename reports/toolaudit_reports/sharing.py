"""A scan document read from its pieces. What thousands of its conflicts say alike is read once and held once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from toolaudit_reports.codec import LISTS
from toolaudit_reports.scan_v1 import (
    Confidence,
    Conflict,
    ConflictKind,
    Failure,
    Finding,
    Ordering,
    Record,
    Resource,
    ScanDocument,
    Severity,
    Step,
    Suppression,
    Tool,
)

T = TypeVar("T")
Raw = msgspec.Raw
NONE = Raw()


class _Conflict(Record, frozen=True):
    """`Conflict`, with the bytes of what is the same in many."""

    tools: tuple[Raw, Raw]
    kind: ConflictKind
    code: Raw
    resource: Raw
    when: Raw
    failure: Failure
    runners: Raw
    latent: bool
    severity: Severity
    confidence: Confidence
    message: str
    evidence: tuple[Raw, ...]
    help: Raw = NONE
    fingerprint: str = ""
    tools_names: tuple[Raw, ...] = ()
    suppressed: bool = False
    suppression: Suppression | None = None
    new: bool = True


_conflicts = msgspec.json.Decoder(list[_Conflict])
TYPES: dict[str, msgspec.json.Decoder[list[Tool]] | msgspec.json.Decoder[list[Ordering]] | msgspec.json.Decoder[list[Finding]]] = {
    "tools": msgspec.json.Decoder(list[Tool]),
    "orderings": msgspec.json.Decoder(list[Ordering]),
    "findings": msgspec.json.Decoder(list[Finding]),
}


def load_pieces(pieces: Iterable[bytes]) -> ScanDocument:
    """The document of which `toolaudit_reports.document.pieces` made these."""
    once = _Once()
    lists: dict[str, list[Record]] = {name: [] for name in LISTS}
    names, where, rest = iter(LISTS), "", list[bytes]()
    for piece in pieces:
        if piece.endswith(b"["):
            where = next(names)
            rest.append(piece)
        elif piece.startswith(b"]"):
            rest.append(piece)
        else:
            items = b"[" + piece.removeprefix(b",") + b"]"
            lists[where] += map(once.conflict, _conflicts.decode(items)) if where == "conflicts" else TYPES[where].decode(items)
    document = msgspec.json.decode(b"".join(rest), type=ScanDocument)
    return replace(document, **{name: tuple(items) for name, items in lists.items()})


class _Once:
    """Parts of conflicts by their bytes."""

    def __init__(self) -> None:
        self._text, self._resource, self._chain = _known(str), _known(Resource), _known(tuple[Step, ...])
        self._runners = _known(tuple[str, ...])

    def conflict(self, one: _Conflict) -> Conflict:
        text, chain = self._text, self._chain
        first, second = one.tools
        return Conflict(
            tools=(text(first), text(second)),
            kind=one.kind,
            code=text(one.code),
            resource=self._resource(one.resource),
            when=text(one.when),
            failure=one.failure,
            runners=self._runners(one.runners),
            latent=one.latent,
            severity=one.severity,
            confidence=one.confidence,
            message=one.message,
            evidence=tuple([chain(side) for side in one.evidence]),
            help=text(one.help) if one.help else "",
            fingerprint=one.fingerprint,
            tools_names=tuple([text(name) for name in one.tools_names]),
            suppressed=one.suppressed,
            suppression=one.suppression,
            new=one.new,
        )


def _known(of: type[T]) -> Callable[[Raw], T]:
    """Reads a value; the same bytes give the same object."""
    known: dict[bytes, T] = {}
    decode = msgspec.json.Decoder(of).decode

    def read(raw: Raw) -> T:
        data = bytes(raw)
        value = known.get(data)
        if value is None:
            value = known[data] = decode(data)
        return value

    return read
