"""What the patterns of a ``match`` look at, as paths from its subject: they must stay as they are, so the looks come before them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

ITEM, ATTRIBUTE, POSITION, WHOLE = "item", "attribute", "position", "whole"
Path = tuple[tuple[str, object], ...]


def looks(cases: list[ast.match_case]) -> tuple[Path, ...]:
    """Every part that some case looks at, each once, in the order of the cases."""
    return tuple(dict.fromkeys(path for case in cases for path in _looks(case.pattern, ())))


def _looks(pattern: ast.pattern, at: Path) -> Iterator[Path]:
    for step, inner in _parts(pattern):
        path = (*at, step) if step is not None else at
        if step is not None:
            yield path
        if inner is not None:
            yield from _looks(inner, path)


def _parts(pattern: ast.pattern) -> Iterator[tuple[tuple[str, object] | None, ast.pattern | None]]:
    if isinstance(pattern, ast.MatchMapping):
        if pattern.rest or not pattern.keys:
            yield (WHOLE, None), None
        for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
            yield ((ITEM, key.value), inner) if isinstance(key, ast.Constant) else ((WHOLE, None), None)
    elif isinstance(pattern, ast.MatchSequence):
        yield (WHOLE, None), None
        star = next((i for i, inner in enumerate(pattern.patterns) if isinstance(inner, ast.MatchStar)), len(pattern.patterns))
        for i, inner in enumerate(pattern.patterns):
            if i != star:
                yield (ITEM, i if i < star else i - len(pattern.patterns)), inner
    elif isinstance(pattern, ast.MatchClass):
        yield from (((POSITION, i), inner) for i, inner in enumerate(pattern.patterns))
        yield from (((ATTRIBUTE, name), inner) for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True))
    elif isinstance(pattern, ast.MatchOr):
        yield from ((None, inner) for inner in pattern.patterns)
    elif isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        yield None, pattern.pattern
