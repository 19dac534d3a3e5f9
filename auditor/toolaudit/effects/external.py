"""Calls of code that is not read: the catalogue says what they do, and what it does not say stays visible."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from msgspec.structs import replace

from toolaudit.catalogue.entries import Api, Case, Words
from toolaudit.effects import classify, containers, locks, natives
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY
from toolaudit.effects.objects import attribute, below, read
from toolaudit.effects.results import pure_result, result
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
    alternatives,
    join_taint,
    taints,
    union,
)


def call_foreign(frame: Frame, name: str, arguments: Arguments, line: int) -> Value:
    """A foreign function or constructor."""
    frame.total += 1
    native = natives.FUNCTIONS.get(name)
    if native is not None:
        frame.resolved += 1
        made = native(frame, arguments, line)
        if made is not None:
            return made
    api = frame.world.catalogue.function(name)
    if api is not None:
        frame.resolved += 1
        return apply(frame, name, api, None, arguments, line)
    return _uncatalogued(frame, name, arguments, line)


def _uncatalogued(frame: Frame, name: str, arguments: Arguments, line: int) -> Value:
    """No entry: the library's default decides, and is said when it does not know."""
    library = frame.world.catalogue.library(name)
    taint = _read_all(frame, arguments, line)
    default = library.default if library else "unknown"
    last = name.rsplit(".", 1)[-1]
    made = (
        Value(Handle(name), taint)
        if last[:1].isupper() or frame.world.catalogue.known_type(name)
        else Value(Data("not-in-catalogue"), taint)
    )
    if "." not in name or default in ("pure", "telemetry"):
        frame.resolved += 1
        return made if last[:1].isupper() else pure_result(arguments, taint)
    if default == "reads":
        frame.resolved += 1
        kind = library.default_kind if library and library.default_kind else "other"
        taint |= frame.emit(resource_of(kind, (ANY,), name.split(".")[0]), "r", "read", line, confidence="catalogued")
        return Value(made.form, taint)
    if last[:1].isupper():
        frame.missing(name, "not-in-catalogue", "ignored", line)
        return made
    reached = any(_reachable(value) for value in arguments.all()) and not classify.makes(last)
    consequence: Literal["ignored", "may-write", "unknown"] = "ignored"
    if classify.sends(last) or reached:
        consequence = "may-write" if classify.sends(last) else "unknown"
    frame.missing(name, "not-in-catalogue", consequence, line)
    return made


def _reachable(value: Value) -> bool:
    """An argument through which a function could touch what is shared."""
    form = value.form
    if isinstance(form, Handle):
        return bool(form.kind) and form.type != "pathlib.Path"
    return isinstance(form, Function) or (value.loc is not None and value.loc.root != "param" and isinstance(form, Instance | Many))


def _read_all(frame: Frame, arguments: Arguments, line: int) -> Taint:
    found = CLEAN
    for value in arguments.all():
        found = join_taint(found, read(frame, value, line).taint)
    return found


# --- methods ---------------------------------------------------------------------------------------------------------


def call_method(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    """A method of something that is no project object, or that the project's class does not define."""
    form = receiver.form
    if isinstance(form, Either):
        return union(call(frame, attribute(frame, option, name, line, called=True), arguments, line) for option in alternatives(receiver))
    if isinstance(form, Method):
        return call(frame, attribute(frame, behind(frame, receiver, form), name, line, called=True), arguments, line)
    frame.total += 1
    if isinstance(form, Instance):
        return _inherited(frame, receiver, form, name, arguments, line)
    if isinstance(form, Handle):
        if name == "*":
            return _any_operation(frame, receiver, form, arguments, line)
        api = frame.world.catalogue.method(form.type, name)
        if api is not None:
            frame.resolved += 1
            return apply(frame, f"{form.type}.{name}", api, receiver, arguments, line)
        return _unlisted_method(frame, receiver, form, name, arguments, line)
    if isinstance(form, Data) and not form.why and receiver.loc is not None and name not in containers.NAMES and classify.verb_known(name):
        return classify.unlisted(frame, receiver, frame.called, name, _read_all(frame, arguments, line), line, None, arguments)
    if isinstance(form, Many | Scalar | Text) or (isinstance(form, Data) and not form.why):
        frame.resolved += 1
        return containers.call(frame, receiver, name, arguments, line)
    return _on_unknown(frame, receiver, name, arguments, line)


def _any_operation(frame: Frame, receiver: Value, form: Handle, arguments: Arguments, line: int) -> Value:
    """A method of a client that is chosen at run time: any of its operations."""
    frame.resolved += 1
    frame.io += 1
    frame.opaque = frame.opaque or "request"
    data = _read_all(frame, arguments, line) | receiver.taint
    found = frame.emit(resource_of(form.kind, form.parts or (ANY,), form.scope), "rw", "opaque", line, data=data, confidence="catalogued")
    return Value(Data(), data | found)


def behind(frame: Frame, value: Value, form: Method) -> Value:
    """What an attribute of an external object holds when it is not called: an object of a type of its own, unless its library is harmless."""
    holder = form.receiver.form
    if isinstance(holder, Method):
        form = replace(form, receiver=behind(frame, form.receiver, holder))
        holder = form.receiver.form
    owners: tuple[str, ...] = (holder.type,) if isinstance(holder, Handle) else ()
    if isinstance(holder, Instance):
        owners = tuple(frame.world.resolver.foreign_bases(holder.cls))
    for owner in owners:
        api = frame.world.catalogue.method(owner, form.name)
        if api is not None and (api.property or api.origin != "default"):
            return call_method(frame, form.receiver, form.name, Arguments(), frame.line) if api.property else Value(Data(), value.taint)
    if isinstance(holder, Data):
        return Value(Data(holder.why), value.taint)
    if not owners or owners == ("arguments",) or all(harmless(frame, owner) for owner in owners):
        return Value(Data(), value.taint)
    kind, parts, scope = (holder.kind, holder.parts, holder.scope) if isinstance(holder, Handle) else ("", (), "")
    return Value(Handle(f"{owners[0]}.{form.name}", kind, parts, scope), value.taint, below(form.receiver.loc, form.name))


def harmless(frame: Frame, type_name: str) -> bool:
    """What is not listed of this type does nothing: the type's own default, else its library's."""
    owner = type_name
    while (kind := frame.world.catalogue.type(owner)) is None and "." in owner:
        owner = owner.rpartition(".")[0]
    library = frame.world.catalogue.library(type_name)
    default = (kind.default if kind else "") or (library.default if library else "unknown")
    return default in ("pure", "telemetry")


def _inherited(frame: Frame, receiver: Value, form: Instance, name: str, arguments: Arguments, line: int) -> Value:
    """A method that a foreign base of a project class gives."""
    for base in frame.world.resolver.foreign_bases(form.cls):
        api = frame.world.catalogue.method(base, name)
        if api is not None:
            frame.resolved += 1
            return apply(frame, f"{base}.{name}", api, receiver, arguments, line)
    taint = _read_all(frame, arguments, line) | receiver.taint
    if name.startswith("__") or name in HARMLESS or receiver.loc is None:
        frame.resolved += 1
        return Value(Data(), taint)
    foreign = frame.world.resolver.foreign_bases(form.cls)
    if foreign:
        frame.missing(f"{foreign[0]}.{name}", "not-in-catalogue", "unknown", line)
    return Value(Data("not-in-catalogue"), taint)


HARMLESS = {
    "model_dump", "model_dump_json", "dict", "json", "model_copy", "copy", "model_json_schema", "schema", "model_validate",
    "model_validate_json", "parse_obj", "to_dict", "from_dict", "register", "with_traceback", "add_note", "_asdict", "_replace",
}  # fmt: skip


def _unlisted_method(frame: Frame, receiver: Value, form: Handle, name: str, arguments: Arguments, line: int) -> Value:
    library = frame.world.catalogue.library(form.type)
    taint = _read_all(frame, arguments, line) | receiver.taint
    if harmless(frame, form.type):
        frame.resolved += 1
        return Value(Data(), taint)
    if form.type.rsplit(".", 1)[-1].endswith(("Error", "Exception", "Config", "Options")) or (name in HARMLESS):
        frame.resolved += 1
        return Value(Data(), taint)
    return classify.unlisted(frame, receiver, form.type, name, taint, line, library, arguments)


def _on_unknown(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    """A method of a value of unknown type: container and text methods touch nothing; anything else may."""
    taint = _read_all(frame, arguments, line) | receiver.taint
    why = receiver.form.why if isinstance(receiver.form, Data) else ""
    hint = frame.called
    if name in HARMLESS:
        frame.resolved += 1
        return Value(Data(), taint)
    client = why == "client" or classify.client_like(hint)
    if client and (name in AMBIGUOUS or name not in containers.NAMES):
        return classify.unlisted(frame, receiver, hint, name, taint, line, None, arguments)
    if name not in containers.NAMES and classify.sends(name):
        return classify.unlisted(frame, receiver, hint, name, taint, line, None, arguments)
    if name in containers.NAMES:
        frame.resolved += 1
        return containers.call(frame, receiver, name, arguments, line)
    if why in ("not-in-catalogue", "deep", "client"):
        return Value(Data(why), taint)
    frame.missing(name if not why else f"?.{name}", why if why in REASONS else "untyped-parameter", "unknown", line)
    return Value(Data("not-in-catalogue"), taint)


AMBIGUOUS = {"get", "update", "pop", "insert", "append", "add", "remove", "clear", "copy", "count"}
REASONS = {"untyped-parameter", "dynamic-getattr", "not-in-catalogue", "unresolved-import", "recursion", "unreadable"}

# --- an entry applied ------------------------------------------------------------------------------------------------


def apply(frame: Frame, name: str, api: Api, receiver: Value | None, arguments: Arguments, line: int) -> Value:
    """What the catalogue's entry says, done to the frame: effects, callbacks, flags, result."""
    bound = bind(api.params, arguments.args, arguments.keywords, receiver)
    taint = _touch(frame, api, bound, arguments, line)
    words: list[Words] = [api, *chosen(frame, api.cases, bound)]
    if api.telemetry:
        return Value(Data(), taint)
    results: list[Value] = []
    data = taints(arguments.all())
    held = _document(receiver)
    for word in words:
        for effect in word.effects:
            given = join_taint(data, held) if held and effect.kind == "file" else data
            taint = join_taint(taint, perform(frame, effect, bound, given, line, name))
        results += _callbacks(frame, word, bound, arguments, line)
        _flags(frame, word, bound, line)
        taint = join_taint(taint, _mutations(frame, word, bound, data, line))
    made = result(frame, name, words, bound, arguments, taint, line)
    if results and not any(word.returns for word in words):
        return union(results).tainted(taint)
    return made


def _document(receiver: Value | None) -> Taint:
    """What an object in memory was made from: saved to a file, the file derives from it."""
    form = receiver.form if receiver is not None else None
    return receiver.taint if receiver is not None and isinstance(form, Handle) and form.kind in ("", "memory") else CLEAN


def _touch(frame: Frame, api: Words, bound: Bound, arguments: Arguments, line: int) -> Taint:
    """Arguments are read; those that are changed in place are said to be by `mutates`."""
    receiver = bound.receiver.taint if bound.receiver is not None else CLEAN
    if api.reads or api.mutates:
        found = receiver
        for hole in api.reads:
            for value in named(bound, hole):
                found = join_taint(found, _read_deep(frame, value, line))
        return join_taint(found, taints(arguments.all()))
    return join_taint(receiver, _read_all(frame, arguments, line))


def _read_deep(frame: Frame, value: Value, line: int) -> Taint:
    form = value.form
    if isinstance(form, Handle) and form.kind and form.kind != "memory" and form.type != "pathlib.Path":
        return frame.emit(resource_of(form.kind, form.parts, form.scope), "r", "read", line, confidence="catalogued") | value.taint
    return read(frame, value, line).taint


def _mutations(frame: Frame, word: Words, bound: Bound, data: Taint, line: int) -> Taint:
    found = CLEAN
    for hole in word.mutates:
        for value in named(bound, hole):
            form = value.form
            if isinstance(form, Handle) and form.kind and form.kind != "memory":
                found |= frame.emit(resource_of(form.kind, form.parts, form.scope), "w", "update", line, data=data, confidence="catalogued")
            elif value.loc is not None and not isinstance(form, Handle):
                found |= frame.emit(value.loc, "w", "update", line, data=data, confidence="catalogued")
    return found


def chosen(frame: Frame, cases: tuple[Case, ...], bound: Bound) -> list[Case]:
    """The first case that holds; all that may hold where an argument is given but not constant."""
    found: list[Case] = []
    for case in cases:
        verdicts = [_matches(frame, bound.named.get(name, bound.find(name)), wanted) for name, wanted in case.when.items()]
        if any(verdict is False for verdict in verdicts):
            continue
        found.append(case)
        if all(verdict is True for verdict in verdicts):
            break
    return found


def _matches(frame: Frame, value: Value | None, wanted: str | list[str]) -> bool | None:
    globs = [wanted] if isinstance(wanted, str) else wanted
    if value is None:
        return "" in globs or "*" in globs
    form = value.form
    types = [glob[5:] for glob in globs if glob.startswith("type:")]
    if types:
        return isinstance(form, Handle) and form.type in types
    if isinstance(form, Scalar):
        return any(fnmatchcase(str(form.value), glob) for glob in globs)
    if isinstance(form, Either) and all(isinstance(option.form, Scalar) for option in form.values):
        said = {any(fnmatchcase(str(option.form.value), glob) for glob in globs) for option in form.values}  # type: ignore[union-attr]
        return said.pop() if len(said) == 1 else None
    if isinstance(form, Text):
        for part in form.parts:
            if part.kind == "param":
                frame.demands.add(part.text)
    return None if any(glob != "" for glob in globs) else False


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
            if not callable_value(value):
                results.append(value)
                continue
            passed = Arguments()
            if word.passes == "rest":
                passed = rest_after(value, arguments)
            elif "args" in bound.named and isinstance(bound.named["args"].form, Many):
                passed = Arguments(args=bound.named["args"].form.items or ())
            elif word.passes == "" and bound.positional and len(arguments.args) > 1 and arguments.args[0] is value:
                passed = Arguments(args=tuple(element_of(v) for v in arguments.args[1:2]))
            results.append(call(frame, value, passed, line))
    return results


def element_of(value: Value) -> Value:
    from toolaudit.effects.objects import element

    return element(value.form) if isinstance(value.form, Many) else Value(Data(), value.taint)


def callable_value(value: Value) -> bool:
    if isinstance(value.form, Either):
        return any(callable_value(option) for option in value.form.values)
    return isinstance(value.form, Function | Partial | Method | Class | Foreign)


def rest_after(value: Value, arguments: Arguments) -> Arguments:
    """What follows the callable among the arguments of a carrier."""
    for index, given in enumerate(arguments.args):
        if given is value:
            return replace(arguments, args=arguments.args[index + 1 :])
    return Arguments(keywords=tuple((k, v) for k, v in arguments.keywords if v is not value))


def _flags(frame: Frame, word: Words, bound: Bound, line: int) -> None:
    if bound.receiver is not None and word.acquire:
        locks.acquire(frame, bound.receiver, bool(word.suspends))
    if bound.receiver is not None and word.release:
        locks.release(frame, bound.receiver)
    if word.opaque:
        frame.opaque = frame.opaque or word.opaque
    if word.suspends:
        frame.pending = True
    if word.blocking and not frame.quiet:
        frame.io += 1
        if frame.is_async and not frame.threaded and len(frame.blocking) < 20:
            frame.blocking.append(frame.place(line))
