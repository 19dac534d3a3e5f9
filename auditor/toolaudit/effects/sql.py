"""SQL text to effects: which tables a statement reads and writes, and whether it does so in one step.

sqlglot parses; it is imported when the first statement is met. Holes of an f-string become identifiers and come back as parts of the key.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from toolaudit.effects import rows
from toolaudit.effects.keys import Parts
from toolaudit.effects.rows import HOLE, Compared
from toolaudit.model import KeyPart, Kind, Operation

_FIRST = re.compile(r"^\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*([A-Za-z]+)", re.DOTALL)
_READS = {"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "PRAGMA", "VALUES", "TABLE", "LIST"}
_WRITES: dict[str, Operation] = {
    "INSERT": "append", "UPDATE": "update", "DELETE": "delete", "REPLACE": "write", "MERGE": "update", "CREATE": "create", "DROP": "delete",
    "ALTER": "update", "TRUNCATE": "delete", "UPSERT": "write", "GRANT": "update", "REVOKE": "update", "COPY": "append", "LOAD": "append",
    "ATTACH": "session", "DETACH": "session", "IMPORT": "append", "INSTALL": "session", "CALL": "opaque", "EXEC": "opaque", "EXECUTE": "opaque",
}  # fmt: skip
_SESSION = {
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "END",
    "SAVEPOINT",
    "RELEASE",
    "SET",
    "USE",
    "RESET",
    "DECLARE",
    "FETCH",
    "CLOSE",
    "VACUUM",
    "ANALYZE",
}
# What SQLite writes into the database file for its users; any other `PRAGMA … = …` sets up the connection.
_KEPT = {"user_version", "application_id", "schema_version"}
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_FILE = re.compile(
    r"\b(?:FROM|JOIN)\s+'([^']+)'|\b(?:read_(?:csv|parquet|json|ndjson|text|blob)(?:_auto|_objects)?|parquet_scan|sniff_csv)\s*\(\s*(?:'([^']*)'|\?)",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(r"\bEXPLAIN\s+(?:\(([^()]*)\)|((?:(?:ANALY[SZ]E|VERBOSE)\b\s*)*))\s*(" + HOLE + r"\d+)?", re.IGNORECASE)
_CARRIED_OUT = re.compile(r"\bANALY[SZ]E\b(?!\s*(?:=\s*)?(?:FALSE|OFF|0)\b)", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_TRIGGER = re.compile(
    r"^\s*CREATE\s+(?:OR\s+REPLACE\s+|TEMP(?:ORARY)?\s+)*TRIGGER\s+(IF\s+NOT\s+EXISTS\s+)?\S+.*?\bON\s+([\w.]+)", re.IGNORECASE | re.DOTALL
)
_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+([\w.\"`\[\]]+)", re.IGNORECASE)


CREATES = "creates when absent"
"""Note of a statement that needs no row to be there; `verdicts/orderings.py` reads it."""


class TableEffect(Struct, frozen=True):
    """One statement's effect on one table; `table` is empty for the database as a whole."""

    table: str
    mode: str
    op: Operation
    atomic: bool
    repeat: str
    note: str = ""
    kind: Kind = "sql"
    rows: tuple[Compared, ...] = ()


def statement_text(parts: Parts) -> str | None:
    """Parts as SQL with numbered holes; None when nothing of it is known text."""
    if not any(part.kind == "literal" and _FIRST.match(part.text) for part in parts[:1]):
        return None
    return "".join(part.text if part.kind == "literal" else f"{HOLE}{index}" for index, part in enumerate(parts))


@lru_cache(maxsize=4096)
def effects(text: str) -> tuple[TableEffect, ...] | None:
    """The effects of one or more statements; None when the text cannot be understood at all."""
    text = _EXPLAIN.sub(_explained, text)
    first = _FIRST.match(text)
    word = first.group(1).upper() if first else ""
    if word in _SESSION:
        return ()
    called = (*_functions(text), *(TableEffect(name, "r", "read", False, "same", kind="file") for name in _files(text)))
    parsed = _parsed(text)
    if parsed is None:
        words = _by_words(text, word)
        return None if words is None else _beside(words, called)
    out: list[TableEffect] = []
    for statement in parsed:
        out += [effect for effect in statement if not any(effect.table == file.table and file.kind == "file" for file in called)]
    return _beside(out, called)


def _beside(statements: Iterable[TableEffect], called: tuple[TableEffect, ...]) -> tuple[TableEffect, ...]:
    """What statements do and what the functions do that they call; a read of no table is the call."""
    return (*(effect for effect in statements if effect.table or effect.mode != "r" or not called), *called)


def _explained(match: re.Match[str]) -> str:
    """`EXPLAIN` only plans a statement, and reads; with ANALYZE the statement is carried out."""
    if _CARRIED_OUT.search(match.group(1) or match.group(2) or ""):
        return match.group(3) or ""
    return "EXPLAIN SELECT version()" if match.group(3) else "EXPLAIN "  # a whole statement that is not known is no table


@lru_cache(maxsize=1)
def _changing() -> list[tuple[re.Pattern[str], TableEffect]]:
    import tomllib

    from toolaudit import catalogue

    functions = tomllib.loads(Path(str(catalogue.__file__)).with_name("sql.toml").read_text(encoding="utf-8"))["function"]
    return [
        (
            re.compile("|".join(re.escape(name).replace(r"\*", r"\w*") for name in row["names"]), re.IGNORECASE),
            TableEffect(row.get("key", ""), row["mode"], row["op"], True, row["repeat"], kind=row["kind"]),
        )
        for row in functions
    ]


def _functions(text: str) -> tuple[TableEffect, ...]:
    """What the functions that a statement calls change: a SELECT of one is no mere read."""
    found = dict.fromkeys(_CALLED.findall(_QUOTED.sub("", text)))
    return tuple(dict.fromkeys(effect for name in found for pattern, effect in _changing() if pattern.fullmatch(name)))


def _parsed(text: str) -> list[list[TableEffect]] | None:
    import sqlglot
    from sqlglot import errors

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    cleaned = rows.numbered(text)
    for dialect in ("", "postgres", "sqlite", "mysql"):
        try:
            trees = sqlglot.parse(cleaned, read=dialect or None)
        except (errors.SqlglotError, RecursionError) as error:
            traceback.clear_frames(error.__traceback__)  # an error that its own parser holds keeps all walks alive that led here
            continue
        found = [_statement(tree) for tree in trees if tree is not None]
        if all(statement is not None for statement in found):
            return [statement for statement in found if statement is not None]
    return None


def _statement(tree: object) -> list[TableEffect] | None:
    from sqlglot import exp

    if isinstance(tree, exp.Command | exp.Transaction | exp.Commit | exp.Rollback | exp.Set | exp.Use):
        return [] if not isinstance(tree, exp.Command) else None
    assert isinstance(tree, exp.Expression)  # pyright: ignore[reportPrivateImportUsage]
    if isinstance(tree, exp.Pragma) and isinstance(tree.this, exp.EQ):
        kept = tree.this.this.name.lower() in _KEPT
        return [TableEffect("", "w", "update", True, "same")] if kept else []
    locals_ = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    tables = [t for t in tree.find_all(exp.Table) if t.name and t.name.lower() not in locals_]
    written = _written(tree)
    out: list[TableEffect] = []
    if written is not None:
        name, mode, op, repeat, note = written
        out.append(TableEffect(name, mode, op, True, repeat, note, rows=_rows(tree)))
    target = written[0] if written else None
    for name in dict.fromkeys(_name(t) for t in tables):
        if name != target:
            out.append(TableEffect(name, "r", "read", True, "same", rows=rows.compared(tree) if isinstance(tree, exp.Select) else ()))
    if not out and isinstance(tree, exp.Query | exp.Pragma | exp.Describe | exp.Show):
        constant = all(isinstance(node, exp.Select | exp.Literal | exp.Alias | exp.Identifier) for node in tree.walk())
        return [] if constant else [TableEffect(_of_itself(tree), "r", "read", True, "same")]
    return out or None


OF_ITSELF = ("pg_", "information_schema.", "sqlite_master", "sqlite_schema", "duckdb_", "pragma_")
"""How the tables and table functions begin that say what a database holds and can do, not what is in its tables."""


def _of_itself(tree: object) -> str:
    """The one function that is asked as if it were a table, where it speaks of the database itself: `FROM duckdb_keywords()`."""
    from sqlglot import exp

    assert isinstance(tree, exp.Expression)  # pyright: ignore[reportPrivateImportUsage]
    asked = [str(table.this.name).lower() for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Anonymous)]
    return asked[0] if len(asked) == 1 and asked[0].startswith(OF_ITSELF) else ""


def _rows(tree: object) -> tuple[Compared, ...]:
    from sqlglot import exp

    if isinstance(tree, exp.Insert):
        return rows.given(tree)
    return rows.compared(tree) if isinstance(tree, exp.Update | exp.Delete) else ()


def _name(table: object) -> str:
    from sqlglot import exp

    assert isinstance(table, exp.Table)
    return f"{table.db}.{table.name}" if table.db else table.name


def _written(tree: object) -> tuple[str, str, Operation, str, str] | None:
    """The table that a statement writes: name, mode, operation, what a repeat does, a note."""
    from sqlglot import exp

    if isinstance(tree, exp.Insert):
        return _inserted(tree)
    if isinstance(tree, exp.Update):
        name = _target(tree)
        derived = any(_reads_own(assignment) for assignment in tree.args.get("expressions", ()))
        return (name, "rw", "increment", "again", "derived in one statement") if derived else (name, "w", "update", "same", "")
    if isinstance(tree, exp.Delete):
        return _target(tree), "w", "delete", "same", ""
    if isinstance(tree, exp.Create):
        if tree.args.get("replace"):
            return _target(tree), "w", "write", "same", "schema"
        ensure = bool(tree.args.get("exists"))
        return _target(tree), "w", "ensure" if ensure else "create", "same" if ensure else "error", "schema"
    if isinstance(tree, exp.Drop | exp.TruncateTable):
        return _target(tree), "w", "delete", "same", "schema"
    if isinstance(tree, exp.Alter):
        return _target(tree), "w", "update", "error", "schema"
    if isinstance(tree, exp.Merge | exp.Copy | exp.LoadData):
        return _target(tree), "rw", "update", "same", ""
    return None


def _inserted(tree: object) -> tuple[str, str, Operation, str, str]:
    from sqlglot import exp

    assert isinstance(tree, exp.Insert)
    name = _target(tree)
    conflict = tree.args.get("conflict")
    alternative = str(tree.args.get("alternative") or "").upper()
    if alternative == "REPLACE" or tree.args.get("overwrite"):
        return name, "w", "write", "same", ""
    if alternative == "IGNORE" or tree.args.get("ignore"):
        return name, "w", "ensure", "same", ""
    if conflict is not None:
        updates = conflict.args.get("expressions") or ()
        if not updates:  # with RETURNING it says whether the row was there
            return name, "rw" if tree.args.get("returning") else "w", "ensure", "same", ""
        derived = any(_reads_own(assignment) for assignment in updates)
        return (name, "rw", "increment", "again", f"derived in one statement, {CREATES}") if derived else (name, "w", "write", "same", "")
    return name, "w", "append", "again", ""


def _target(tree: object) -> str:
    from sqlglot import exp

    assert isinstance(tree, exp.Expression)  # pyright: ignore[reportPrivateImportUsage]
    this = tree.args.get("this")
    table = this if isinstance(this, exp.Table) else tree.find(exp.Table)
    return _name(table) if table is not None else ""


def _reads_own(assignment: object) -> bool:
    """`n = n + 1`: the new value names the column that it replaces."""
    from sqlglot import exp

    if not isinstance(assignment, exp.EQ):
        return False
    column = assignment.this.name if isinstance(assignment.this, exp.Column) else ""
    return any(used.name == column and used.table.lower() not in ("excluded", "new") for used in assignment.expression.find_all(exp.Column))


def _by_words(text: str, word: str) -> tuple[TableEffect, ...] | None:
    """What the first word says, where the parser does not know the dialect."""
    tables = [name.strip('"`[]') for name in _TABLE.findall(text)]
    table = tables[0] if tables else ""
    if word == "WITH":
        written = re.search(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", text, re.IGNORECASE)
        word = written.group(1).upper() if written else "SELECT"
    trigger = _TRIGGER.search(text) if word == "CREATE" else None
    if trigger is not None:
        ensure = bool(trigger.group(1))
        return (TableEffect(trigger.group(2), "w", "ensure" if ensure else "create", True, "same" if ensure else "error", "schema"),)
    if word in _READS:
        return tuple(TableEffect(name, "r", "read", True, "same") for name in dict.fromkeys(tables or [""]))
    if word in _WRITES:
        op = _WRITES[word]
        if op == "opaque":
            return (TableEffect(table, "rw", "opaque", False, "unknown"),)
        return (TableEffect(table, "w", op, True, "again" if op == "append" else "same"),)
    return None


def _files(text: str) -> list[str]:
    """Files that stand where a table does, as DuckDB and its like read them; empty for one that is an argument of the statement."""
    return list(dict.fromkeys(one or other for one, other in _FILE.findall(text)))


def table_parts(table: str, parts: Parts) -> Parts:
    """A table's name with its holes put back."""
    out: list[KeyPart] = []
    at = 0
    for hole in re.finditer(HOLE + r"(\d+)", table):
        if hole.start() > at:
            out.append(KeyPart("literal", table[at : hole.start()]))
        index = int(hole.group(1))
        out.append(parts[index] if index < len(parts) else KeyPart("unknown", "hole"))
        at = hole.end()
    if at < len(table):
        out.append(KeyPart("literal", table[at:]))
    return tuple(out)
