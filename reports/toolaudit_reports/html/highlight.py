"""A source line as coloured pieces in marked runs: Pygments' tokens cut at the marks."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import msgspec
from pygments.lexers.python import PythonLexer
from pygments.token import Token, _TokenType

from toolaudit_reports.snippets import Mark

_LEXER = PythonLexer(stripnl=False, ensurenl=False)
_CLASSES = (
    (Token.Comment, "c"),
    (Token.Literal.String, "s"),
    (Token.Literal.Number, "m"),
    (Token.Keyword, "k"),
    (Token.Operator.Word, "k"),
    (Token.Name.Decorator, "d"),
    (Token.Name.Builtin, "b"),
    (Token.Name.Function, "f"),
    (Token.Name.Class, "f"),
)
LONGEST = 400
"""Longer lines are cut: a minified line is not evidence that anyone reads."""


class Piece(msgspec.Struct, frozen=True):
    """Text with one colour class, which may be empty."""

    css: str
    text: str


class Run(msgspec.Struct, frozen=True):
    """Pieces under one mark: empty, `r` (read) or `w` (written)."""

    mark: str
    pieces: tuple[Piece, ...]


def runs(text: str, marks: tuple[Mark, ...] = ()) -> tuple[Run, ...]:
    """The runs of one line; their texts joined are the line (cut at LONGEST)."""
    out: list[tuple[str, list[Piece]]] = []
    position = 0
    for css, token in _tokens(text[:LONGEST]):
        for part, mark in _cut(token, position, marks):
            if not out or out[-1][0] != mark:
                out.append((mark, []))
            held = out[-1][1]
            if held and held[-1].css == css:
                held[-1] = Piece(css, held[-1].text + part)
            else:
                held.append(Piece(css, part))
        position += len(token)
    if len(text) > LONGEST:
        out.append(("", [Piece("", "…")]))
    return tuple(Run(mark, tuple(held)) for mark, held in out)


@lru_cache(maxsize=20_000)
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((_css(kind), value) for kind, value in _LEXER.get_tokens(text))


def _css(kind: _TokenType) -> str:
    return next((css for parent, css in _CLASSES if kind[: len(parent)] == parent), "")


def _cut(token: str, position: int, marks: tuple[Mark, ...]) -> list[tuple[str, str]]:
    """A token as (text, mark) parts, cut where marks begin and end."""
    edges = {0, len(token)}
    for mark in marks:
        edges |= {edge - position for edge in (mark.start, mark.end) if 0 < edge - position < len(token)}
    points = sorted(edges)
    return [(token[start:end], _mark(position + start, marks)) for start, end in pairwise(points)]


def _mark(column: int, marks: tuple[Mark, ...]) -> str:
    """A write outranks a read that it contains or that contains it."""
    here = [mark.writes for mark in marks if mark.start <= column < mark.end]
    return "" if not here else "w" if any(here) else "r"
