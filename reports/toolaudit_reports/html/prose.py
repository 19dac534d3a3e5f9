"""A rule's Markdown help as blocks for the templates: headings, paragraphs, lists, code. No markup passes through."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Kind = Literal["heading", "paragraph", "list", "code"]
_SPAN = re.compile(r"`([^`]+)`")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


class Span(msgspec.Struct, frozen=True):
    """A run of text; `code` when it stood between backticks."""

    code: bool
    text: str


class Block(msgspec.Struct, frozen=True):
    """One block. `rows` holds one row for headings, paragraphs and code, one an item for lists."""

    kind: Kind
    rows: tuple[tuple[Span, ...], ...]


def blocks(markdown: str) -> tuple[Block, ...]:
    """The blocks of a help text. What this small reader does not know is shown as the text it is."""
    out: list[Block] = []
    for chunk in _chunks(markdown.replace("\r\n", "\n")):
        first = chunk[0]
        if first.startswith("```"):
            body = chunk[1:-1] if len(chunk) > 1 and chunk[-1].startswith("```") else chunk[1:]
            out.append(Block("code", ((Span(True, "\n".join(body)),),)))
        elif first.startswith("#"):
            out.append(Block("heading", (_spans(first.lstrip("#").strip()),)))
            if len(chunk) > 1:
                out.append(Block("paragraph", (_spans(" ".join(chunk[1:])),)))
        elif _ITEM.match(first):
            out.append(Block("list", tuple(_spans(item) for item in _items(chunk))))
        else:
            out.append(Block("paragraph", (_spans(" ".join(chunk)),)))
    return tuple(out)


def _chunks(markdown: str) -> list[list[str]]:
    """Lines between blank lines; a fenced block is one chunk with its fences."""
    chunks: list[list[str]] = [[]]
    fenced = False
    for line in markdown.split("\n"):
        if line.startswith("```"):
            if not fenced:
                chunks.append([])
            chunks[-1].append(line)
            fenced = not fenced
            if not fenced:
                chunks.append([])
        elif fenced or line.strip():
            chunks[-1].append(line)
        else:
            chunks.append([])
    return [chunk for chunk in chunks if chunk]


def _items(chunk: list[str]) -> list[str]:
    items: list[str] = []
    for line in chunk:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line))
        else:
            items[-1] += " " + line.strip()
    return items


def _spans(text: str) -> tuple[Span, ...]:
    parts = _SPAN.split(text)
    return tuple(Span(index % 2 == 1, part) for index, part in enumerate(parts) if part)
