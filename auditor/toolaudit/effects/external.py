"""Calls of code that is not read: the catalogue says what they do, and what it does not say stays visible."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from toolaudit.catalogue.entries import Api
from toolaudit.effects import containers, edits, guesses, natives
from toolaudit.effects.applying import apply, in_document, read_all
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.callbacks import calls_back
from toolaudit.effects.calls import call
from toolaudit.effects.cursors import handing_out
from toolaudit.effects.frame import Frame, Repeat
from toolaudit.effects.generated_clients import generated_operation
from toolaudit.effects.handed_methods import client_of
from toolaudit.effects.kept_objects import CHANGES, computes, harmless, unlisted_default
from toolaudit.effects.keys import ANY
from toolaudit.effects.objects import attribute, below, read
from toolaudit.effects.results import pure_result
from toolaudit.effects.saving import left_behind, saved_to
from toolaudit.effects.served import fetched, handed_out
from toolaudit.effects.targets import resource_of
from toolaudit.effects.values import (
    CLEAN,
    Class,
    Data,
    Either,
    Function,
    Handle,
    Instance,
    Loc,
    Many,
    Method,
    Scalar,
    Taint,
    Text,
    Value,
    alternatives,
    constant,
    taints,
    union,
)
from toolaudit.project.resolve import ClassRef


def call_foreign(frame: Frame, name: str, arguments: Arguments, line: int) -> Value:
    """A foreign function or constructor."""
    frame.total += 1
    native = natives.FUNCTIONS.get(name)
    if native is not None:
        frame.resolved += 1
        made = native(frame, arguments, line)
        if made is not None:
            return made
    owner, _, method = name.rpartition(".")
    if owner in containers.KINDS and method in containers.NAMES and arguments.args:  # `list.append(items, one)`
        frame.resolved += 1
        return containers.call(frame, arguments.args[0], method, Arguments(arguments.args[1:], arguments.keywords), line)
    if arguments.args and isinstance(held := arguments.args[0].form, Handle) and held.type == owner:  # `Path.open(path, "a")`
        return call_method(frame, arguments.args[0], method, Arguments(arguments.args[1:], arguments.keywords), line)
    api = frame.world.catalogue.function(name)
    if api is not None:
        frame.resolved += 1
        return apply(frame, name, api, None, arguments, line)
    return _uncatalogued(frame, name, arguments, line)


def _uncatalogued(frame: Frame, name: str, arguments: Arguments, line: int) -> Value:
    """No entry: the library's default decides, and is said when it does not know."""
    if (operation := generated_operation(frame, name, arguments, line)) is not None:
        return operation
    library = frame.world.catalogue.library(name)
    taint = read_all(frame, arguments, line)
    default = library.default if library else "unknown"
    last = name.rsplit(".", 1)[-1]
    made = (
        Value(Handle(name), taint)
        if last[:1].isupper() or frame.world.catalogue.known_type(name)
        else Value(Handle(name.rpartition(".")[0]), taint)
        if guesses.opens(name)
        else Value(Data("not-in-catalogue"), taint)
    )
    quiet = default == "by-verb" and (last[:1].isupper() or not (guesses.sends(last) or guesses.verb_of(last) in guesses.OPAQUE_VERBS))
    if "." not in name or default in ("pure", "telemetry") or quiet:
        frame.resolved += 1
        return made if last[:1].isupper() else pure_result(arguments, taint)
    if default == "reads":
        frame.resolved += 1
        kind = library.default_kind if library and library.default_kind else "other"
        taint |= frame.emit(resource_of(kind, (ANY,), name.split(".")[0]), "r", "read", line, confidence="catalogued")
        return Value(made.form, taint)
    if last[:1].isupper():  # one that is made and not kept is made for what its making does
        frame.missing(name, "not-in-catalogue", "unclear" if frame.discarded else "ignored", line)
        return made
    answer = calls_back(frame, last, arguments, line)
    if answer is not None:
        frame.missing(name, "not-in-catalogue", "ignored", line)
        return answer
    if (asked := guesses.asked_through(frame, last, arguments)) is not None:
        frame.missing(name, "not-in-catalogue", "ignored", line)
        return Value(made.form, taint | frame.emit(asked, "r", "read", line, atomic=True, confidence="name-only"))
    taint |= left_behind(frame, last, arguments, taint, line)
    reached = any(_reachable(value) for value in arguments.all()) and not guesses.makes(last)
    consequence = guesses.seems(last)
    sends = guesses.sends(last) or (frame.discarded and not guesses.prepares(last))
    if sends or reached:
        consequence = "may-write" if sends else "unknown"
    frame.missing(name, "not-in-catalogue", consequence, line)
    return made


def _reachable(value: Value) -> bool:
    """An argument through which a function could touch what is shared."""
    form = value.form
    if isinstance(form, Handle):
        return bool(form.kind) and form.type != "pathlib.Path"
    return isinstance(form, Function) or (value.loc is not None and value.loc.root != "param" and isinstance(form, Instance | Many))


# --- methods ---------------------------------------------------------------------------------------------------------


def call_method(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    """A method of something that is no project object, or that the project's class does not define."""
    form = receiver.form
    if isinstance(form, Either):
        return union(call(frame, attribute(frame, option, name, line, called=True), arguments, line) for option in alternatives(receiver))
    if isinstance(form, Method):
        return call(frame, attribute(frame, behind(frame, receiver, form), name, line, called=True), arguments, line)
    frame.total += 1
    receiver = handing_out(frame, receiver, name)
    if name == "*" and receiver.loc is not None and (not isinstance(form, Handle) or form.kind in ("", "memory")):
        return _any_method(frame, receiver, receiver.loc, arguments, line)
    if isinstance(form, Instance):
        return _inherited(frame, receiver, form, name, arguments, line)
    if isinstance(form, Handle):
        if name == "*":
            return _any_operation(frame, receiver, form, arguments, line)
        if (form.type, name) in natives.METHODS:
            frame.resolved += 1
            return natives.METHODS[form.type, name](arguments)
        if form.type == "arguments" and name in containers.NAMES:
            frame.resolved += 1
            return natives.argument(form, name, arguments).tainted(receiver.taint)
        api = frame.world.catalogue.method(form.type, name)
        if api is not None:
            frame.resolved += 1
            if api.origin == "default" and name in containers.OF_TEXT and in_document(frame, receiver):
                return containers.call(frame, Value(Data(), receiver.taint, receiver.loc), name, arguments, line)  # the text of a part
            if api.origin == "default" and api.pure and (written := saved_to(frame, receiver, name, arguments, line)) is not None:
                return written
            return apply(frame, f"{form.type}.{name}", api, receiver, arguments, line)
        return _unlisted_method(frame, receiver, form, name, arguments, line)
    if isinstance(form, Data) and not form.why and receiver.loc is not None and _somebodys(frame, receiver.loc, name):
        return guesses.unlisted(
            frame, receiver, _called(frame, receiver.loc), name, read_all(frame, arguments, line), line, None, arguments
        )
    if isinstance(form, Data) and not form.why and receiver.loc is not None and _is_objects(frame, receiver.loc, name):
        return _of_unknown_object(frame, receiver, name, arguments, line)
    changes = guesses.sends(name) or guesses.adds(name, arguments)
    if isinstance(form, Data) and name not in containers.NAMES and changes and handed_out(frame, receiver) is not None:
        return guesses.unlisted(frame, receiver, frame.called, name, read_all(frame, arguments, line), line, None, arguments)
    if isinstance(form, Scalar) and form.value is None:  # nothing has no methods: who puts something there is not known
        frame.missing(f"{frame.called}.{name}", "untyped-parameter", "ignored", line)
    if isinstance(form, Many | Scalar | Text) or (isinstance(form, Data) and not form.why):
        if _of_no_plain_value(name):
            frame.missing(f"{frame.called}.{name}", "untyped-parameter", "unclear", line)
        frame.resolved += 1
        return saved_to(frame, receiver, name, arguments, line) or containers.call(frame, receiver, name, arguments, line)
    if isinstance(form, Class) and (given := _class_entry(frame, form, name)) is not None:
        frame.resolved += 1
        return apply(frame, f"{given[0]}.{name}", given[1], receiver, arguments, line)
    if isinstance(form, Class) and (name in MAKERS or name.startswith("from_")):
        frame.resolved += 1
        return Value(Instance(form.ref), read_all(frame, arguments, line) | receiver.taint)
    return _on_unknown(frame, receiver, name, arguments, line)


def _of_no_plain_value(name: str) -> bool:
    """A method that runs or changes something, and that neither text nor containers nor numbers have: what has it is no plain value."""
    if name in containers.NAMES or name in OF_PLAIN or name in HARMLESS or name.startswith("_"):
        return False
    return guesses.verb_of(name) in guesses.OPAQUE_VERBS or guesses.verb_of(name) in guesses.WRITE_VERBS


def _class_entry(frame: Frame, form: Class, name: str) -> tuple[str, Api] | None:
    """What the catalogue says of a class method that a foreign base gives: `Note.get_by_id(3)`."""
    for base in frame.world.resolver.foreign_bases(form.ref):
        api = frame.world.catalogue.method(base, name)
        if api is not None and api.origin != "default":
            return base, api
    return None


# Class methods that a foreign base gives and that make an object of the class: pydantic 1 and 2.
MAKERS = {
    "model_validate", "model_validate_json", "model_validate_strings", "model_construct", "parse_obj", "parse_raw", "parse_file", "validate",
    "construct",
}  # fmt: skip


def _any_method(frame: Frame, receiver: Value, loc: Loc, arguments: Arguments, line: int) -> Value:
    """A method of a shared object that an argument of the tool names: it may be any."""
    taint = read_all(frame, arguments, line) | receiver.taint
    frame.opaque = frame.opaque or "code"
    return Value(Data("dynamic-getattr"), taint | frame.emit(loc, "rw", "opaque", line, data=taint))


def _somebodys(frame: Frame, loc: Loc, name: str) -> bool:
    """A method that neither text nor containers nor records have, of an object that may do anything."""
    if name in HARMLESS or name.startswith("__"):
        return False
    if name in containers.NAMES:
        part = bool(loc.path) and isinstance(loc.path[-1], tuple)  # an entry of a container is no client
        if not part and name in AMBIGUOUS and _of_client(loc):
            return True
        return loc.root == "state" and not part and name in AMBIGUOUS and guesses.kind_of(_called(frame, loc), None) != "other"
    return guesses.verb_known(name) or loc.root == "state" or (frame.discarded and not guesses.prepares(name))


def _is_objects(frame: Frame, loc: Loc, name: str) -> bool:
    """A method that no text, number, date or container has, of what an object keeps under a name of its own: its type is not known."""
    if loc.root != "self" or not loc.path or not all(isinstance(step, str) for step in loc.path):
        return False
    return name not in containers.NAMES and name not in HARMLESS and name not in OF_PLAIN and not name.startswith("_")


def _of_unknown_object(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    taint = read_all(frame, arguments, line) | read(frame, receiver, line).taint
    frame.missing(f"{frame.called}.{name}", "untyped-parameter", guesses.seems(name), line)
    return Value(Data("client"), taint)


_CLIENT = re.compile(r"(?:^|_)(?:client|api|sdk)$")


def _of_client(loc: Loc | None) -> bool:
    """A part of a client that an object keeps: `self.client.spaces`."""
    return loc is not None and loc.root == "self" and any(isinstance(step, str) and _CLIENT.search(step) for step in loc.path[:-1])


def _called(frame: Frame, loc: Loc) -> str:
    """What an object of unknown type is called, with what it is part of."""
    return ".".join([*(step for step in loc.path[:-1] if isinstance(step, str)), frame.called])


def _any_operation(frame: Frame, receiver: Value, form: Handle, arguments: Arguments, line: int) -> Value:
    """A method of a client that is chosen at run time: any of its operations."""
    frame.resolved += 1
    frame.io += 1
    frame.opaque = frame.opaque or "request"
    data = read_all(frame, arguments, line) | receiver.taint
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
        if api is None or api.origin == "default":
            if not form.name.startswith("_") and looks_up(frame, owner):
                return call_method(frame, form.receiver, "__getattr__", Arguments(args=(constant(form.name),)), frame.line)
            continue
        if api.property:
            return call_method(frame, form.receiver, form.name, Arguments(), frame.line)
        # nobody looks behind a method: a name like one of a client's methods that is not called is a part of the client
        return form.receiver.tainted(value.taint) if api.effects else Value(Data(), value.taint)
    if isinstance(holder, Data):
        called, client = client_of(form.receiver)
        return Value(Data(), value.taint, below(client.loc, form.name)) if called else Value(Data(holder.why), value.taint)
    if not owners or owners == ("arguments",):
        return Value(Data(), value.taint)
    if all(harmless(frame, owner) and unlisted_default(frame, owner) != "by-verb" for owner in owners):
        place = below(form.receiver.loc, form.name)
        return Value(Data("client" if place is not None and isinstance(holder, Handle) else ""), value.taint, place)
    kind, parts, scope = (holder.kind, holder.parts, holder.scope) if isinstance(holder, Handle) else ("", (), "")
    return Value(Handle(f"{owners[0]}.{form.name}", kind, parts, scope), value.taint, below(form.receiver.loc, form.name))


def looks_up(frame: Frame, type_name: str) -> bool:
    """A client whose attributes are its parts by name: `client.database.collection`."""
    getter = frame.world.catalogue.method(type_name, "__getattr__")
    return getter is not None and getter.origin != "default"


def _inherited(frame: Frame, receiver: Value, form: Instance, name: str, arguments: Arguments, line: int) -> Value:
    """A method that a foreign base of a project class gives."""
    for base in frame.world.resolver.foreign_bases(form.cls):
        api = frame.world.catalogue.method(base, name)
        if api is not None:
            frame.resolved += 1
            return apply(frame, f"{base}.{name}", api, receiver, arguments, line)
    taint = read_all(frame, arguments, line) | receiver.taint
    foreign = unread_bases(frame, form.cls, name)
    if (name.startswith("__") and name != "__call__") or name in HARMLESS or not foreign:
        frame.resolved += 1
        return Value(Data(), taint)
    return guesses.unlisted(frame, receiver, foreign[0], name, taint, line, frame.world.catalogue.library(foreign[0]), arguments)


def unread_bases(frame: Frame, ref: ClassRef, method: str = "") -> list[str]:
    """The bases of a project class that nobody has described."""
    return [base for base in frame.world.resolver.foreign_bases(ref) if "." in base and not harmless(frame, base, method)]


OF_TEXTS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith", "splitlines", "casefold", "capitalize", "isdigit"}
)
OF_PLAIN = frozenset({name for kind in (str, bytes, int, float, date, datetime, timedelta) for name in dir(kind)} | guesses.QUIET_METHODS)
"""Methods of texts, numbers and times."""
HARMLESS = {
    "model_dump", "model_dump_json", "dict", "json", "model_copy", "copy", "model_json_schema", "schema", "model_validate",
    "model_validate_json", "parse_obj", "to_dict", "from_dict", "register", "with_traceback", "add_note", "_asdict", "_replace",
}  # fmt: skip


def _unlisted_method(frame: Frame, receiver: Value, form: Handle, name: str, arguments: Arguments, line: int) -> Value:
    library = frame.world.catalogue.library(form.type)
    taint = read_all(frame, arguments, line) | receiver.taint
    if harmless(frame, form.type, name):
        if guesses.verb_of(name) in guesses.OPAQUE_VERBS:  # what it is given to run need not be the library's own
            frame.missing(f"{form.type}.{name}", "not-in-catalogue", "unclear", line)
        frame.resolved += 1
        return Value(Data(), taint | _of_kept_object(frame, receiver, form, name, arguments, line))
    if library is not None and library.default == "reads":
        frame.resolved += 1
        kind = library.default_kind or "other"
        return Value(Data(), taint | frame.emit(resource_of(kind, (ANY,), form.type), "r", "read", line, confidence="catalogued"))
    if form.type.rsplit(".", 1)[-1].endswith(("Error", "Exception", "Config", "Options")) or name in HARMLESS or name in OF_TEXTS:
        frame.resolved += 1
        return Value(Data(), taint)
    return guesses.unlisted(frame, receiver, form.type, name, taint, line, library, arguments)


def _of_kept_object(frame: Frame, receiver: Value, form: Handle, name: str, arguments: Arguments, line: int) -> Taint:
    """A method of an object that outlives the call and that a library which only computes made: the object is all that it reads or changes."""
    if receiver.loc is None or name.startswith("_") or not computes(frame, form):
        return CLEAN
    if not CHANGES.match(name):
        return read(frame, receiver, line).taint
    repeat: Repeat = "again" if edits.adds(name) and name != "add" else "unknown"
    return frame.emit(receiver.loc, "w", "update", line, data=taints(arguments.all()), repeat=repeat, confidence="typed")


def _on_unknown(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    """A method of a value of unknown type: container and text methods touch nothing; anything else may."""
    taint = read_all(frame, arguments, line) | receiver.taint
    why = receiver.form.why if isinstance(receiver.form, Data) else ""
    hint = frame.called
    if name in HARMLESS:
        frame.resolved += 1
        return Value(Data(), taint | read(frame, receiver, line).taint)
    client = why == "client" or _of_client(receiver.loc) or (guesses.client_like(hint) and not _looked_up(frame, name, why, hint))
    client = client or (frame.awaited is not None and name in containers.NAMES)  # no container is waited for
    if client and (name in AMBIGUOUS or name not in containers.NAMES):
        return guesses.unlisted(frame, receiver, hint, name, taint, line, None, arguments)
    if name not in containers.NAMES and (guesses.sends(name) or (fetched(receiver) and guesses.adds(name, arguments))):
        return guesses.unlisted(frame, receiver, hint, name, taint, line, None, arguments)
    if name in containers.NAMES:
        frame.resolved += 1
        return containers.call(frame, receiver, name, arguments, line)
    if why in ("not-in-catalogue", "deep", "client"):
        taint |= left_behind(frame, name, arguments, taint, line)
        frame.missing(f"{hint}.{name}", "not-in-catalogue", guesses.seems(name), line)
        return Value(Data(why), taint)
    frame.missing(name if not why else f"?.{name}", why if why in REASONS else "untyped-parameter", "unknown", line)
    return Value(Data("not-in-catalogue"), taint)


def _looked_up(frame: Frame, name: str, why: str, hint: str) -> bool:
    """What a service answered, in spite of its name: a page of results is no browser's page, and a `db` that was fetched is a record."""
    answered = why == "not-in-catalogue"
    if name == "get":
        return answered and frame.awaited is None
    if hint.lower().rpartition("_")[2] not in ("page", "pages"):
        return False
    return not any(frame.world.catalogue.method(owner, name) for owner in PAGES)


PAGES = ("playwright.Page",)
AMBIGUOUS = {"get", "update", "pop", "insert", "append", "add", "remove", "clear", "copy", "count"}
REASONS = {"untyped-parameter", "dynamic-getattr", "not-in-catalogue", "unresolved-import", "recursion", "unreadable"}
