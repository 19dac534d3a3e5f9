"""A file that may be anything → text and `ast`, or one sentence that says why not. Order: kind, size, decode, parse, depth."""

from __future__ import annotations

import ast
import os
import stat
import sys
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

from toolaudit.project.decode import DecodeError, decode
from toolaudit.project.newer import lowered

MAX_BYTES = 1_000_000
"""Default size limit; libcst takes minutes for ten times that."""

MAX_NESTING = 400
"""libcst's parser kills the process from a nesting of about 5 000, and takes minutes before; refused long before that."""


_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_ONE_PARSER = threading.Lock()
"""Neither warning filters nor, in CPython 3.11, the recursion count of `ast` belong to a thread."""


class RefusedError(Exception):
    """`reason` is one sentence without the path; `line` is 0 when the whole file is meant."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Parsed(NamedTuple):
    """`text` is what `tree` was made of, or what the file holds."""

    text: str
    tree: ast.Module


def read(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file; never waits on a pipe, never reads past the limit.

    Raises RefusedError.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise RefusedError(f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise RefusedError(f"cannot be read: {error}") from None
    with open(handle, "rb", closefd=True) as file:  # noqa: PTH123  (a descriptor, not a path)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedError("skipped: not a regular file")
            data = file.read(limit + 1) if status.st_size <= limit else b""
        except OSError as error:
            raise RefusedError(f"cannot be read: {error.strerror or error}") from None
    if status.st_size > limit or len(data) > limit:
        raise RefusedError(f"skipped: larger than the limit of {limit:,} bytes")
    return data


def parse(data: bytes) -> Parsed:
    """Decodes and parses with the running Python's grammar.

    Raises RefusedError.
    """
    try:
        text = decode(data)
    except DecodeError as error:
        raise RefusedError(error.reason, error.line) from None
    return Parsed(text, parse_text(text).tree)


def parse_text(text: str) -> Parsed:
    """Parses with the running Python's grammar; a newer one's text in that grammar's words, every line and column kept.

    Raises RefusedError.
    """
    try:
        return Parsed(text, _parse(text))
    except SyntaxError as error:
        older = lowered(text)
        refused = RefusedError(f"is not valid Python {_VERSION}: {error.msg}", error.lineno or 0)
        try:
            if older is not None:
                return Parsed(older, _parse(older))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        raise refused from None
    except (RecursionError, MemoryError):
        raise RefusedError("is nested too deeply to be parsed") from None
    except ValueError as error:
        raise RefusedError(f"is not valid Python {_VERSION}: {error}") from None


def parse_slice(text: str, first: int, nesting: int | None) -> Parsed:
    """Some lines of a file, the first of them its line `first`: nodes have the file's line numbers. `nesting` where it is known already.

    Raises RefusedError.
    """
    before = "\n" * (first - 1)
    parsed, tree = parse_text(before + text)
    found = depth(tree) if nesting is None else nesting
    if found > MAX_NESTING:
        raise RefusedError(f"is nested {found} deep, more than the {MAX_NESTING} that can be read safely")
    return Parsed(parsed[len(before) :], tree)


def _parse(text: str) -> ast.Module:
    with _ONE_PARSER, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are the author's business
        return ast.parse(text)


_FLAT = {"ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "level", "conversion", "is_async", "simple", "type_ignores"}
"""Fields that hold no nested syntax."""

_LEAVES = {ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal}


_SIMPLE = {ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Assert, ast.Delete}

SHORT = 100
"""Characters of a statement that can hold no nesting worth guarding against."""

_CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {}


def _children(kind: type[ast.AST]) -> tuple[str, ...]:
    return _CHILDREN.setdefault(kind, tuple(name for name in kind._fields if name not in _FLAT))


def depth(node: ast.AST) -> int:
    """Deepest nesting below `node` as libcst sees it; iterative, since it guards what recurses. Expressions of a statement whose text is
    too short to be nested dangerously are not looked into.

    An `elif` chain counts once. A chain of `and` or `or` counts each operand, and a dotted module each dot: libcst nests what `ast` lists.
    """
    deepest = 0
    stack: list[tuple[ast.AST, int]] = [(node, 0)]
    while stack:
        current, level = stack.pop()
        kind = type(current)
        if kind is ast.BoolOp:
            level += len(current.values) - 1  # type: ignore[attr-defined]
        elif kind is ast.alias or kind is ast.ImportFrom:
            dotted = current.name if kind is ast.alias else current.module or ""  # type: ignore[attr-defined]
            level += dotted.count(".")
        if level > deepest:
            deepest = level
        if kind in _SIMPLE and current.end_lineno == current.lineno and current.end_col_offset - current.col_offset < SHORT:  # type: ignore
            continue
        level += 1
        for name in _CHILDREN.get(kind) or _children(kind):
            value = getattr(current, name)
            if value.__class__ is list:
                chained = kind is ast.If and name == "orelse" and len(value) == 1 and type(value[0]) is ast.If
                for item in value:
                    if item.__class__ not in _LEAVES and isinstance(item, ast.AST):
                        stack.append((item, level - chained))
            elif value.__class__ not in _LEAVES and isinstance(value, ast.AST):
                stack.append((value, level))
    return deepest + 1
