"""A document whose files have moved lines, told again: only what names those lines is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from toolaudit_reports.codec import ITEMS_A_PIECE, LISTS, encode, encoded
from toolaudit_reports.lines import Change, Sentence, moved, plain
from toolaudit_reports.scan_v1 import Answer, Conflict, Files, Finding, Ordering, Record, ScanDocument, Tool

T = TypeVar("T", bound=Record)
TYPES: dict[str, type[Record]] = {"tools": Tool, "conflicts": Conflict, "orderings": Ordering, "findings": Finding}


class Moves:
    """`change` says where the lines are now; `sentences` name lines, with their marks as they were; `sources` are the lines that are shown
    of the files that have changed."""

    def __init__(self, change: Change, sentences: Iterable[Sentence], sources: Mapping[str, dict[int, str]]) -> None:
        self.change = {file: there for file, there in change.items() if any(old != new for old, new in there.items())}
        self.sources = sources
        self._sentences: dict[tuple[str, int], list[tuple[str, str]]] = {}
        for one in sentences:
            told = moved(one.text, self.change)
            if told is not one.text and told != one.text:
                self._sentences.setdefault((one.where, one.at), []).append((one.field, plain(told)))
        self._needles = [b'"file":' + encoded(file) for file in self.change]

    def pieces(self, pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        """Of the pieces of a document those that are other ones now, with their numbers. KeyError for a line that nothing is known of."""
        lists, where, at = iter(LISTS), "", 0
        for number, piece in enumerate(pieces):
            if piece.endswith(b"["):
                where, at = next(lists), 0
            elif piece.startswith(b"]"):
                yield number, self._rest(piece)
            else:
                told = self._items(piece, where, at)
                if told != piece:
                    yield number, told
                at += ITEMS_A_PIECE

    def _items(self, piece: bytes, where: str, at: int) -> bytes:
        named = [i for i in range(ITEMS_A_PIECE) if (where, at + i) in self._sentences]
        if not named and not self._shown(piece):
            return piece
        comma = b"," if piece.startswith(b",") else b""
        items = msgspec.json.decode(b"[" + piece.removeprefix(b",") + b"]", type=list[msgspec.Raw])
        told = [bytes(item) for item in items]
        for i, item in enumerate(told):
            if i in named or self._shown(item):
                record = self.told(msgspec.json.decode(item, type=TYPES[where]), where, at + i)
                told[i] = encoded(record)
        return comma + b",".join(told)

    def _shown(self, data: bytes) -> bool:
        return any(needle in data for needle in self._needles)

    def told(self, record: T, where: str, at: int) -> T:
        """One item of a list, at the lines where it is now."""
        record = self.record(record)
        for field, text in self._sentences.get((where, at), ()):
            value = getattr(record, field)
            record = replace(record, **{field: replace(value, reason=text) if isinstance(value, Answer) else text})
        return record

    def record(self, record: T, home: str = "") -> T:
        """Any part of a document at the lines where it is now; `home` is the file of what says none."""
        file = getattr(record, "file", None) or home
        values: dict[str, object] = {}
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if name in ("line", "end_line"):
                values[name] = self._line(file, value)
            elif isinstance(value, Record):
                values[name] = self.record(value, file)
            elif isinstance(value, tuple):
                values[name] = self._all(value, file)
        return replace(record, **values)

    def _all(self, values: tuple[object, ...], file: str) -> tuple[object, ...]:
        inside = (self.record(one, file) if isinstance(one, Record) else one for one in values)
        return tuple(self._all(one, file) if isinstance(one, tuple) else one for one in inside)

    def _line(self, file: str, line: int | None) -> int | None:
        there = self.change.get(file)
        return line if there is None or line is None else there[line]

    def _rest(self, piece: bytes) -> bytes:
        """What stands behind the lists."""
        files = Files(scanned=0, skipped=0, cached=0)
        empty = ScanDocument(schema=0, version="", roots=(), runner="", files=files, tools=(), conflicts=(), orderings=(), findings=())
        head = encode(empty).removesuffix(b"]}")
        document = self.record(msgspec.json.decode(head + piece, type=ScanDocument))
        sources = document.sources | {file: lines for file, lines in self.sources.items() if file in document.sources}
        return encode(replace(document, sources=sources)).removeprefix(head)
