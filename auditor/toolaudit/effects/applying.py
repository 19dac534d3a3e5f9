"""A catalogue entry applied: effects, callbacks, flags and result, done to the frame."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from msgspec.structs import replace

from toolaudit.catalogue.entries import Api, Case, Repeat, Words
from toolaudit.effects import edits, locks, picking, tables
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.contents import read_whole
from toolaudit.effects.frame import Frame, Mode
from toolaudit.effects.hooks import own_method
from toolaudit.effects.objects import read, read_document
from toolaudit.effects.results import result
from toolaudit.effects.targets import named, perform, resource_of
from toolaudit.effects.templates import Bound, bind
from toolaudit.effects.values import (
    CLEAN,
    Class,
    Data,
    Either,
    Foreign,
    Function,
    Handle,
    Instance,
    Many,
    Method,
    Partial,
    Scalar,
    Taint,
    Text,
    Value,
    join_taint,
    taints,
    union,
)
from toolaudit.model import KeyPart

STATEMENT = 20
"""A text that begins with more known characters than these is a statement of some language with values in it."""


def apply(frame: Frame, name: str, api: Api, receiver: Value | None, arguments: Arguments, line: int) -> Value:
    """What the catalogue's entry says, done to the frame: effects, callbacks, flags, result."""
    bound = tables.named(frame.world, bind(api.params, arguments.args, arguments.keywords, receiver))
    if arguments.rest is not None and any(effect.shell == "{*}" for effect in api.effects):  # words that nobody knows follow
        bound = Bound(bound.named, (*bound.positional, Value(Data(), arguments.rest.taint)), receiver)
    if receiver is not None and not api.mutates and in_document(frame, receiver):
        read_document(frame, receiver, line)
    if api.row or api.rows or api.picks:
        bound = picking.picked(api, bound, arguments)
    taint = _touch(frame, api, bound, arguments, line)
    cases = chosen(frame, api.cases, bound)
    words: list[Words] = [api, *cases]
    kept = len(cases) > 1 and any(case.pure for case in cases)  # one of what it may be given is there already, the other where that is not
    if api.telemetry and api.returns is None:
        return Value(Data(), taint)
    results: list[Value] = []
    data = taints(arguments.all())
    if receiver is not None and "{self}" in api.reads:
        data = join_taint(data, receiver.taint)
    held = _document(receiver)
    for word in words:
        for effect in word.effects:
            given = join_taint(data, held) if held and effect.kind == "file" else data
            anew = effect.repeat == "same" and "w" in effect.mode and edits.identified(name, arguments)
            once = kept and effect.op == "append" and effect.repeat == "again"
            told = replace(effect, repeat="again" if anew else "same") if anew or once else effect
            taint = join_taint(taint, perform(frame, told, bound, given, line, name))
        if word.feeds and receiver is not None:
            frame.feed(receiver.taint, data)
        results += _callbacks(frame, word, bound, arguments, line) + _entered(frame, word, bound, line)
        results += [own_method(frame, name, word.runs, bound.receiver, arguments, line)] if word.runs else []
        _flags(frame, word, bound, line)
        taint = join_taint(taint, _mutations(frame, word, bound, data, line, "again" if edits.adds(name) else "unknown"))
        _filled(frame, word, bound, taint)
    made = result(frame, name, words, bound, arguments, taint, line)
    if results and not any(word.returns or word.value is not None for word in words):
        return union(results).tainted(taint)
    return made


def in_document(frame: Frame, receiver: Value) -> bool:
    """A method of a document in memory or of a part of one."""
    kind = frame.world.catalogue.type(receiver.form.type) if isinstance(receiver.form, Handle) else None
    return kind is not None and kind.alias_returns and kind.default == "pure"


def _document(receiver: Value | None) -> Taint:
    """What an object in memory was made from: saved to a file, the file derives from it."""
    form = receiver.form if receiver is not None else None
    return receiver.taint if receiver is not None and isinstance(form, Handle) and form.kind in ("", "memory") else CLEAN


def read_all(frame: Frame, arguments: Arguments, line: int) -> Taint:
    found = CLEAN
    for value in arguments.all():
        found = join_taint(found, read(frame, value, line).taint)
    return found


def _touch(frame: Frame, api: Words, bound: Bound, arguments: Arguments, line: int) -> Taint:
    """Arguments are read; those that are changed in place are said to be by `mutates`."""
    receiver = bound.receiver.taint if bound.receiver is not None else CLEAN
    if api.reads or api.mutates:
        found = receiver
        for hole in api.reads:
            for value in named(bound, hole):
                found = join_taint(found, _read_deep(frame, value, line))
        return join_taint(found, taints(arguments.all()))
    return join_taint(receiver, read_all(frame, arguments, line))


def _read_deep(frame: Frame, value: Value, line: int) -> Taint:
    form = value.form
    if isinstance(form, Handle) and form.kind and form.kind != "memory" and form.type != "pathlib.Path":
        return frame.emit(resource_of(form.kind, form.parts, form.scope), "r", "read", line, confidence="catalogued") | value.taint
    return read_whole(frame, value, line).taint


def _mutations(frame: Frame, word: Words, bound: Bound, data: Taint, line: int, repeat: Repeat) -> Taint:
    found = CLEAN
    for hole in word.mutates:
        for value in named(bound, hole):
            form = value.form
            if isinstance(form, Handle) and form.kind and form.kind != "memory":
                found |= frame.emit(
                    resource_of(form.kind, form.parts, form.scope), "w", "update", line, data=data, repeat=repeat, confidence="catalogued"
                )
            elif value.loc is not None:
                # A part of a document gets a number and a place among those that are there, in many steps.
                mode: Mode = "rw" if repeat == "again" and in_document(frame, value) else "w"
                found |= frame.emit(value.loc, mode, "update", line, data=data, repeat=repeat, confidence="catalogued")
    return found


def _filled(frame: Frame, word: Words, bound: Bound, taint: Taint) -> None:
    """What is changed in place and held by variables alone derives from what the call was given and read."""
    for value in (value for hole in word.mutates for value in named(bound, hole) if value.loc is None):
        for name, held in frame.env.items():
            if held.form is value.form:
                frame.env[name] = held.tainted(taint)


def chosen(frame: Frame, cases: tuple[Case, ...], bound: Bound) -> list[Case]:
    """The first case that holds; all that may hold where an argument is given but not constant."""
    found: list[Case] = []
    for name in dict.fromkeys(name for case in cases for name in case.when):
        value = bound.named.get(name)
        options = value.form.values if value is not None and isinstance(value.form, Either) else ()
        if options:
            for option in options:
                each = chosen(frame, cases, Bound({**bound.named, name: option}, bound.positional, bound.receiver))
                found += [case for case in each if case not in found]
            return found
    for case in cases:
        verdicts = [_matches(frame, bound.named.get(name, bound.find(name)), wanted) for name, wanted in case.when.items()]
        if any(verdict is False for verdict in verdicts):
            continue
        found.append(case)
        if all(verdict is True for verdict in verdicts):
            break
    return [case for case in found if case.opaque] or found  # what is not known proves none of the others


def _key(value: Value) -> str:
    return str(value.form.value) if isinstance(value.form, Scalar) else ""


def _matches(frame: Frame, value: Value | None, wanted: str | list[str]) -> bool | None:
    globs = [wanted] if isinstance(wanted, str) else wanted
    if value is None:
        return "" in globs or "*" in globs
    form = value.form
    keys = {glob[5:] for glob in globs if glob.startswith("keys:")}
    if keys:
        return isinstance(form, Many) and form.element is None and {_key(key) for key, _ in form.entries or ()} == keys
    if some := {glob[4:] for glob in globs if glob.startswith("key:")}:
        return isinstance(form, Many) and any(_key(key) in some for key, _ in form.entries or ())
    if globs == ["entries"]:
        return isinstance(form, Many) and form.element is None and bool(form.entries)
    types = [glob[5:] for glob in globs if glob.startswith("type:")]
    if types:
        return isinstance(form, Handle) and form.type in types
    if isinstance(form, Scalar):
        return any(fnmatchcase(str(form.value), glob) for glob in globs)
    if isinstance(form, Foreign) and (form.name in globs or form.name.rpartition(".")[2].isupper()):
        return any(fnmatchcase(form.name, glob) for glob in globs)  # a library's constant is what it is called
    if isinstance(form, Handle | Instance | Foreign | Function | Class) and set(globs) <= {"", "None"}:
        return False
    if isinstance(form, Text):
        for part in form.parts:
            if part.kind == "param":
                frame.demands.add(part.text)
        if form.parts and form.parts[0].kind == "literal" and (all(" " in g for g in globs) or len(form.parts[0].text.strip()) > STATEMENT):
            return any(fnmatchcase(_with_names(form.parts), glob) for glob in globs)
        return _begins(form.parts[0].text, globs) if form.parts and form.parts[0].kind == "literal" else _maybe(globs)
    return _maybe(globs)


def _with_names(parts: tuple[KeyPart, ...]) -> str:
    """A statement whose holes are names and values, not words of its language."""
    return "".join(part.text if part.kind == "literal" else "x" for part in parts)


def _maybe(globs: list[str]) -> bool | None:
    return None if any(glob != "" for glob in globs) else False


def _begins(start: str, globs: list[str]) -> bool | None:
    """Whether a text of which only the beginning is known matches."""
    heads = [(glob, re.split(r"[*?\[]", glob, maxsplit=1)[0]) for glob in globs]
    if any(glob == f"{head}*" and start.startswith(head) for glob, head in heads):
        return True
    return None if any(head.startswith(start) or (head != glob and start.startswith(head)) for glob, head in heads) else False


# --- callbacks, flags, results ---------------------------------------------------------------------------------------


def _callbacks(frame: Frame, word: Words, bound: Bound, arguments: Arguments, line: int) -> list[Value]:
    """Arguments that the API calls: their effects happen here."""
    results: list[Value] = []
    for hole in word.calls:
        for value in named(bound, hole):
            form = value.form
            if isinstance(form, Many) and form.items is not None:
                results += list(form.items)
                continue
            if not callable_value(value) and not _is_method(frame, value):
                results.append(value)
                continue
            passed = Arguments()
            if word.passes == "rest":
                passed = arguments.after(value)
            elif word.passes == "self" and bound.receiver is not None:
                rest = arguments.after(value)
                passed = replace(rest, args=(bound.receiver, *rest.args))
            elif "args" in bound.named and isinstance(bound.named["args"].form, Many):
                passed = Arguments(args=bound.named["args"].form.items or ())
            elif word.passes == "" and bound.positional and len(arguments.args) > 1 and arguments.args[0] is value:
                passed = Arguments(args=tuple(element_of(v) for v in arguments.args[1:2]))
            results.append(call(frame, value, passed, line))
    return results


def _entered(frame: Frame, word: Words, bound: Bound, line: int) -> list[Value]:
    """Context managers that stay open until the block around is left."""
    from toolaudit.effects.blocks import enter_until_later

    entered = named(bound, word.enters) if word.enters else ()
    return [enter_until_later(frame, value, line, bool(word.suspends), bound.receiver) for value in entered]


def element_of(value: Value) -> Value:
    from toolaudit.effects.objects import element

    return element(value.form) if isinstance(value.form, Many) else Value(Data(), value.taint)


def callable_value(value: Value) -> bool:
    if isinstance(value.form, Either):
        return any(callable_value(option) for option in value.form.values)
    return isinstance(value.form, Function | Partial | Method | Class | Foreign)


def _is_method(frame: Frame, value: Value) -> bool:
    """What stands for a function is one: a part of an object that nobody has described, such as a client's method."""
    if isinstance(value.form, Either):
        return any(_is_method(frame, option) for option in value.form.values)
    return isinstance(value.form, Handle) and bool(value.form.type) and frame.world.catalogue.type(value.form.type) is None


def _flags(frame: Frame, word: Words, bound: Bound, line: int) -> None:
    if bound.receiver is not None and word.acquire:
        locks.acquire(frame, bound.receiver, bool(word.suspends))
    if bound.receiver is not None and word.release:
        locks.release(frame, bound.receiver)
    if bound.receiver is None and word.lock is not None and bound.positional:
        locks.of_file(frame, bound.positional[0], word.lock.covers, word.release)
    if word.transaction in ("commit", "rollback") and frame.transaction:
        frame.transaction, frame.transaction_waits = f"{frame.function}:{line}", True  # what comes after belongs to the next one
    if word.opaque:
        frame.opaque = frame.opaque or word.opaque
    if word.suspends:
        frame.pending = True
    if word.blocking and not frame.quiet:
        frame.io += 1
        if frame.is_async and not frame.threaded and len(frame.blocking) < 20:
            frame.blocking.append(frame.place(line))
