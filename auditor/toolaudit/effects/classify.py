"""Arguments that say what a call does: SQL text, commands, addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from toolaudit.catalogue.entries import EffectEntry
from toolaudit.effects import http, picking, requested, rows, shell, sql
from toolaudit.effects.commands import GUESSES
from toolaudit.effects.frame import Frame, How, Mode, Repeat
from toolaudit.effects.keys import ANY, Parts, normal_path, parts_of, scope_text
from toolaudit.effects.templates import Bound, fill
from toolaudit.effects.values import CLEAN, Data, Handle, Taint, Text, Value, alternatives, join_taint, tidy
from toolaudit.model import Column, KeyPart, Kind, Operation, Place, Resource


def perform(frame: Frame, effect: EffectEntry, bound: Bound, data: Taint, line: int, name: str) -> Taint:
    """The effects of an entry that hands an argument to a classifier."""
    if effect.sql is not None:
        return run_sql(frame, effect.sql, bound, data, line)
    if effect.shell is not None:
        return _shell(frame, effect.shell, bound, data, line, files=effect.files)
    return _http(frame, effect, bound, data, line)


def _argument(template: str, bound: Bound) -> Value | None:
    found = re.fullmatch(r"\{([^{}|]*)(?:\|[^{}]*)?\}", template)
    return bound.find(found.group(1)) if found else None


def demand(frame: Frame, value: Value | None) -> None:
    """Say that knowing this argument would decide something."""
    if value is None:
        return
    for option in alternatives(value):
        for part in option.form.parts if isinstance(option.form, Text) else ():
            if part.kind == "param":
                frame.demands.add(part.text)


# --- SQL -------------------------------------------------------------------------------------------------------------


def run_sql(frame: Frame, template: str, bound: Bound, data: Taint, line: int) -> Taint:
    receiver = bound.receiver.form if bound.receiver is not None else None
    database = scope_text(receiver.parts) if isinstance(receiver, Handle) else ""
    value = _argument(template, bound)
    found = CLEAN
    frame.io += 1
    if isinstance(receiver, Handle) and receiver.scope == "own" and bound.receiver is not None and bound.receiver.loc is None:
        return data  # a database in memory that the call made for itself
    for option in alternatives(value) if value is not None else (Value(Data()),):
        if isinstance(option.form, Handle) and option.form.type in CONSTRUCTS:
            found |= _construct(frame, option.form, join_taint(data, option.taint), line)
            continue
        parts = parts_of(option)
        text = sql.statement_text(parts)
        _transaction(frame, text, line)
        understood = sql.effects(text) if text else None
        if understood is None and (asked := asks(frame, parts, database, line)) is not None:
            found |= asked
            continue
        if understood is None:
            demand(frame, option)
            frame.opaque = frame.opaque or "sql"
            found |= frame.emit(Resource("sql", parts or (ANY,), database), "rw", "opaque", line, data=data, confidence="catalogued")
            continue
        about = [rows.known(text or "", one.rows, parts, value, bound) for one in understood]
        found |= _tables(frame, understood, parts, database, data, line, about=about)
    return found


# Statements built of objects: what executing them does to the table that they are bound to.
CONSTRUCTS: dict[str, tuple[Mode, Operation, Repeat]] = {
    "sqlalchemy.Select": ("r", "read", "same"),
    "sqlalchemy.Insert": ("w", "append", "again"),
    "sqlalchemy.Update": ("w", "update", "same"),
    "sqlalchemy.Delete": ("w", "delete", "same"),
}


def _construct(frame: Frame, form: Handle, data: Taint, line: int) -> Taint:
    mode, op, repeat = CONSTRUCTS[form.type]
    resource, about = Resource("sql", form.parts or (ANY,), form.scope), picking.rows_of(Value(form))
    data = CLEAN if mode == "r" else data
    return frame.emit(resource, mode, op, line, data=data, atomic=True, repeat=repeat, confidence="catalogued", rows=about)


def _tables(
    frame: Frame,
    understood: tuple[sql.TableEffect, ...],
    parts: Parts,
    database: str,
    data: Taint,
    line: int,
    below: tuple[Place, ...] = (),
    about: Sequence[tuple[Column, ...]] = (),
) -> Taint:
    found = CLEAN
    for one, columns in zip(understood, about or [()] * len(understood), strict=True):
        found |= frame.emit(
            _table(one, sql.table_parts(one.table, parts) or (ANY,), database),
            one.mode,  # type: ignore[arg-type]
            one.op,
            line,
            data=data if "w" in one.mode else CLEAN,
            atomic=one.atomic,
            repeat=one.repeat,  # type: ignore[arg-type]
            confidence="catalogued",
            note=one.note,
            rows=columns,
            below=below,
        )
    return found


def _table(one: sql.TableEffect, key: Parts, database: str) -> Resource:
    return Resource("file", normal_path(key) or (ANY,)) if one.kind == "file" else Resource(one.kind, key, database)


def reclassified(frame: Frame, resource: Resource, data: Taint, line: int, below: tuple[Place, ...]) -> Taint | None:
    """The effects of SQL that a helper was given, now that its text is known; None while it is not."""
    text = sql.statement_text(resource.key)
    understood = sql.effects(text) if text else None
    return None if understood is None else _tables(frame, understood, resource.key, resource.scope, data, line, below)


def asks(frame: Frame, key: Parts, database: str, line: int, below: tuple[Place, ...] = ()) -> Taint | None:
    """The read of SQL that begins with text of which all but reads was refused (`f"{query} LIMIT 10"`); None for any other."""
    if not key or key[0].kind != "param" or key[0].text not in frame.asks:
        return None
    return frame.emit(Resource("sql", (ANY,), database), "r", "read", line, atomic=True, repeat="same", confidence="name-only", below=below)


def _transaction(frame: Frame, text: str | None, line: int) -> None:
    """`BEGIN` opens a transaction for what follows, `COMMIT` and `ROLLBACK` end it."""
    word = text.split(None, 1)[0].rstrip(";").upper() if text and text.strip() else ""
    if word in ("BEGIN", "START"):
        frame.transaction, frame.transaction_waits = f"{frame.function}:{line}", False
    elif word in ("COMMIT", "END", "ROLLBACK"):
        frame.transaction = ""


# --- commands --------------------------------------------------------------------------------------------------------


def run_command(frame: Frame, bound: Bound, data: Taint, line: int) -> Taint:
    """A command handed to something that no entry describes, as its name says."""
    return _shell(frame, "{0}", bound, data, line, "name-only")


def _shell(
    frame: Frame, template: str, bound: Bound, data: Taint, line: int, confidence: How = "catalogued", files: Literal["", "session"] = ""
) -> Taint:
    value = _argument(template, bound)
    frame.io += 1
    if template == "{*}":
        return _line(frame, list(bound.positional), None, bound, data, line, confidence, files)
    found = CLEAN
    for option in alternatives(value) if value is not None else (Value(Data()),):
        found |= _line(frame, shell.words_of(option), option, bound, data, line, confidence, files)
    return found


def _line(
    frame: Frame,
    words: list[Value] | None,
    value: Value | None,
    bound: Bound,
    data: Taint,
    line: int,
    confidence: How,
    files: Literal["", "session"],
) -> Taint:
    """The effects of one command line; free text is opaque, and what it does depends on the folder that it starts in. `files` is the kind of
    the files that it names, where they are another machine's."""
    folder = bound.find("cwd")
    place = parts_of(folder) if folder is not None else ()
    if not words:
        demand(frame, value)
        frame.opaque = frame.opaque or "shell"
        key = parts_of(value) if value is not None else (ANY,)
        if not files:
            _started_in(frame, place, line)
        return frame.emit(Resource("subprocess", key or (ANY,)), "rw", "opaque", line, data=data, confidence=confidence)
    found = CLEAN
    for command in shell.classify(words, place):
        if command.op == "opaque" or (command.kind == "subprocess" and command.mode == "rw"):
            for word in words:
                demand(frame, word)
        if command.op == "opaque":
            frame.opaque = frame.opaque or "shell"
            if not files:
                _started_in(frame, place, line)
        kind: Kind = files if files and command.kind in ("file", "dir") else command.kind
        found |= frame.emit(
            Resource(kind, (normal_path(command.key) if command.kind in ("file", "dir") else command.key) or (ANY,)),
            command.mode,  # type: ignore[arg-type]
            command.op,
            line,
            data=data if "w" in command.mode else CLEAN,
            repeat=command.repeat,  # type: ignore[arg-type]
            confidence="name-only" if command.note in GUESSES else confidence,
            part=command.part,
            note=command.note,
        )
    return found


def _started_in(frame: Frame, folder: Parts, line: int) -> None:
    process = (KeyPart("literal", "process"),)
    frame.emit(Resource("cwd", folder or process), "r", "read", line, atomic=True, repeat="same", confidence="catalogued")


# --- requests --------------------------------------------------------------------------------------------------------


METHODS = frozenset({"method", "http_method", "verb", "http_verb"})


def _http(frame: Frame, effect: EffectEntry, bound: Bound, data: Taint, line: int) -> Taint:
    found = CLEAN
    frame.io += 1
    receiver = bound.receiver.form if bound.receiver is not None else None
    base = receiver.base if isinstance(receiver, Handle) else ()
    for address in fill(effect.url or "", bound):
        if base and not (address and address[0].kind == "literal" and "://" in address[0].text):
            address = tidy((*base, *address))
        for method in fill(effect.method or "", bound) or [()]:
            for part in method:
                if part.kind == "param":
                    frame.demands.add(part.text)
            known = "".join(part.text for part in method) if all(part.kind == "literal" for part in method) else None
            sender = "" if METHODS & {*frame.env, *frame.closure} else frame.function  # what sends any method is called so for all of them
            request = _of_body(frame, address, bound, known) or http.classify(known, address, sender)
            if request.op == "opaque":
                frame.opaque = frame.opaque or "request"
            found |= frame.emit(
                Resource("http", _without_query(address) or (ANY,)),
                request.mode,  # type: ignore[arg-type]
                request.op,
                line,
                data=data if "w" in request.mode else CLEAN,
                atomic=True,
                repeat=request.repeat,  # type: ignore[arg-type]
                confidence=request.confidence,
                note=request.note,
            )
    return found


def _of_body(frame: Frame, address: Parts, bound: Bound, method: str | None) -> http.Request | None:
    """What a request does, where its body says so: by a GraphQL document, the name of a procedure, or the fields of what is posted."""
    document = requested.document(address, bound)
    demand(frame, document)
    if document is not None:
        return requested.classify(document)
    procedure = requested.procedure(bound)
    demand(frame, procedure)
    if procedure is not None:
        return requested.classify_procedure(procedure)
    posted = (method or "").upper() == "POST"
    if posted and (named := requested.tool(bound)) is not None:
        demand(frame, named)
        return requested.classify_procedure(named)
    return requested.told_by_fields(bound) if posted else None


def _without_query(address: Parts) -> Parts:
    out: list[KeyPart] = []
    for part in address:
        if part.kind == "literal" and "?" in part.text:
            out.append(KeyPart("literal", part.text.split("?", 1)[0]))
            break
        out.append(part)
    return tidy(out)
