"""Which tables an SQL statement reads and writes, told from its leading keywords.

A full parser (sqlglot, which the scan uses) costs half a second to import and a millisecond a statement; a schedule
costs less than that. Names it cannot find become ``sql:*``, which clashes with every table.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pytest_toolaudit.engine.turn import READ, WRITE

_NAME = r'["`\[]?([A-Za-z_][\w$]*)["`\]]?(?:\.["`\[]?([A-Za-z_][\w$]*)["`\]]?)?'
_READS = re.compile(rf"\b(?:FROM|JOIN)\s+{_NAME}", re.IGNORECASE)
_WRITES = re.compile(
    rf"^\s*(?:WITH\b.*?\)\s*)?(?:INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+|\s+ONLY)?|DELETE\s+FROM|"
    rf"(?:CREATE|DROP|ALTER)\s+(?:TEMP(?:ORARY)?\s+|UNIQUE\s+)?(?:TABLE|INDEX|VIEW)(?:\s+IF\s+(?:NOT\s+)?EXISTS)?|TRUNCATE(?:\s+TABLE)?)\s+{_NAME}",
    re.IGNORECASE | re.DOTALL,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CONTROL = re.compile(r"^\s*(BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SHOW|ATTACH|VACUUM|LOCK)\b", re.IGNORECASE)
_SHAPE = re.compile(rf"^\s*PRAGMA\s+(?:\w+\.)?(?:table_x?info|index_list|foreign_key_list)\s*\(\s*'?{_NAME}", re.IGNORECASE)
_MAKES = re.compile(r"^\s*(CREATE|DROP|ALTER)\b(?!.*\bIF\s+(?:NOT\s+)?EXISTS\b)", re.IGNORECASE | re.DOTALL)  # upkeep makes nothing
_SCHEMA = "sqlite_master"
_SCHEMAS = frozenset({_SCHEMA, "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"})
_RETURNING_READ = re.compile(r"^\s*(SELECT|WITH|VALUES|EXPLAIN)\b", re.IGNORECASE)
Touched = tuple[tuple[str, str], ...]


def _table(match: re.Match[str]) -> str:
    name = (match.group(2) or match.group(1)).lower()
    return _SCHEMA if name in _SCHEMAS else name


@lru_cache(2048)
def touched(statement: str) -> Touched:
    """Pairs of READ or WRITE and table name, in the order in which they matter; empty for transaction control."""
    text = _LITERAL.sub("''", statement)
    shape = _SHAPE.match(statement)
    if shape is not None:
        return ((READ, _table(shape)),)
    if _CONTROL.match(text):
        return ()
    write = _WRITES.match(text)
    written = _table(write) if write else None
    reads = [_table(m) for m in _READS.finditer(text)]
    found = [(READ, name) for name in dict.fromkeys(reads) if name != written]
    if written:
        found.append((WRITE, written))
        found += [(WRITE, _SCHEMA)] if _MAKES.match(text) else []
    if found:
        return tuple(found)
    if _RETURNING_READ.match(text):
        return ()
    return ((WRITE, "*"),) if text.strip() else ()


def is_end(statement: str) -> bool:
    """Whether the statement ends a transaction."""
    return bool(re.match(r"^\s*(COMMIT|END|ROLLBACK)\b", statement, re.IGNORECASE))
