"""Built-in containers and text: what their methods give, and which touch the place a shared one lives at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolaudit.effects import edits
from toolaudit.effects.frame import Frame
from toolaudit.effects.iteration import still_shared
from toolaudit.effects.keys import derived, join, literal, parts_of
from toolaudit.effects.lists import chained
from toolaudit.effects.objects import element, item, read, shared
from toolaudit.effects.templates import bind
from toolaudit.effects.values import PLAIN, Data, Either, Form, Many, Scalar, Text, Value, alternatives, taints, text, union
from toolaudit.model import KeyPart

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

KINDS = {"list": "list", "dict": "dict", "set": "set", "tuple": "tuple", "frozenset": "set"}
MAPPINGS = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "weakref.WeakValueDictionary",
    "weakref.WeakKeyDictionary",
)
SEQUENCES = ("collections.deque",)
TEXT_SAME = {
    "as_string",  # of composed SQL, which is taken for its text
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "casefold", "replace", "encode", "decode", "removeprefix", "removesuffix",
    "expandtabs", "zfill", "ljust", "rjust", "capitalize", "translate", "swapcase", "center",
    "hexdigest", "digest",  # of a hash, which is named by what was hashed
}  # fmt: skip
MAX_PIECES = 16
PARTS = {"split", "rsplit", "splitlines", "partition", "rpartition"}
MUTATORS = {
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "popitem", "add", "discard",
    "appendleft", "popleft", "extendleft", "rotate", "difference_update", "intersection_update", "symmetric_difference_update", "move_to_end",
}  # fmt: skip
READERS = {
    "get",
    "keys",
    "values",
    "items",
    "copy",
    "index",
    "count",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "isdisjoint",
}
CHECKS = {
    "startswith", "endswith", "find", "rfind", "isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper", "isnumeric", "isidentifier",
    "join", "format", "format_map", "hex", "isoformat", "strftime", "total_seconds", "timestamp", "date", "time", "astimezone", "group",
    "groups", "groupdict", "start", "end", "span", "bit_length", "is_integer", "as_integer_ratio", "most_common", "elements", "tolist", "item",
}  # fmt: skip
OF_TEXT = TEXT_SAME | PARTS | CHECKS
NAMES = OF_TEXT | MUTATORS | READERS


def of_type(name: str) -> Many | Data | None:
    """A catalogue's type that is a built-in container."""
    if name in KINDS:
        return Many(KINDS[name])  # type: ignore[arg-type]
    if name in MAPPINGS:
        return Many("dict", type=name)
    if name in SEQUENCES:
        return Many("list", type=name)
    if name in ("str", "bytes", "int", "float", "bool"):
        return Data()
    return None


def call(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    """A method of a container or of text."""
    form = receiver.form
    if isinstance(form, Scalar | Text):
        return _on_text(frame, receiver, name, arguments, line)
    if not isinstance(form, Many | Data):
        return PLAIN
    taint = taints(arguments.all())
    if receiver.loc is not None:
        taint = taint | (
            _touch(frame, receiver, name, arguments, line) or (read(frame, receiver, line).taint if name not in NAMES else frozenset())
        )
    elif name == "pop" and all(edits.positional(value) for value in arguments.args[:1]):
        edits.grow(frame, receiver.taint)
    for value in arguments.all():
        taint = taint | read(frame, value, line).taint
    if name == "replace" and isinstance(form, Data):
        taint |= replaced(receiver, arguments)
    return _gives(frame, receiver, name, arguments, line).tainted(taint | receiver.taint)


def replaced(receiver: Value, arguments: Arguments) -> frozenset[int | str]:
    """The mark of text in which something that a caller names was replaced: what it put there may hold the old text again."""
    given = arguments.args[:2]
    return frozenset() if all(isinstance(value.form, Scalar) for value in given) else edits.marked("~", receiver.taint)


def _touch(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> frozenset[int | str]:
    """The effects on a shared container's place, from the catalogue's entry of its type."""
    from toolaudit.effects.applying import chosen
    from toolaudit.effects.targets import perform

    api = None
    if name == "pop" and isinstance(receiver.form, Many) and receiver.form.kind == "list" and not _at_an_end(arguments):
        name = "remove"
    if name in MUTATORS and collected(frame, receiver):
        return frozenset()
    for type_name in _types(receiver, name):
        api = frame.world.catalogue.method(type_name, name)
        if api is not None and (api.effects or api.cases):
            break
    if api is None or not (api.effects or api.cases):
        return frozenset()
    bound = bind(api.params, arguments.args, arguments.keywords, receiver)
    data = taints(arguments.all())
    found: frozenset[int | str] = frozenset()
    for word in (api, *chosen(frame, api.cases, bound)):
        for effect in word.effects:
            found |= perform(frame, effect, bound, data, line, name)
    return found


def collected(frame: Frame, value: Value) -> bool:
    """The function's own `**kwargs`: a dict that is made for each call, whatever it holds."""
    loc = value.loc
    if loc is None or loc.root != "param" or loc.path:
        return False
    code = frame.world.code(frame.path, frame.function)
    return code is not None and any(one.kind == "kwarg" and one.name == loc.name for one in code.facts.parameters)


def _at_an_end(arguments: Arguments) -> bool:
    """Whether a pop takes the first or the last: any other place was looked up, and the one thing there is removed."""
    return all(isinstance(value.form, Scalar) for value in arguments.all())


def _types(receiver: Value, name: str) -> tuple[str, ...]:
    form = receiver.form
    if isinstance(form, Many):
        first = (form.type,) if form.type else ()
        return (*first, {"generator": "list"}.get(form.kind, form.kind))
    if name in ("append", "extend", "insert", "sort", "reverse", "remove", "count", "index"):
        return ("list",)
    if name in ("appendleft", "popleft", "extendleft", "rotate"):
        return ("collections.deque",)
    if name in ("add", "discard"):
        return ("set",)
    return ("dict", "list", "set")


def _gives(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    form = receiver.form
    first = arguments.args[0] if arguments.args else None
    if name in ("get", "pop", "setdefault", "__getitem__") and first is not None and (not isinstance(form, Many) or form.kind == "dict"):
        found = item(frame, receiver, first, line)
        rest = arguments.args[1:] or tuple(v for k, v in arguments.keywords if k == "default")
        if name == "pop":
            found = Value(found.form, found.taint)
        if name == "setdefault" and len(arguments.args) > 1 and found.loc is not None and isinstance(found.form, Data):
            return shared(arguments.args[1], found.loc).tainted(found.taint)
        return union((found, *rest)) if rest else found
    if name in ("pop", "popleft", "popitem") and isinstance(form, Many):
        return element(form)
    if name == "items":
        return _pairs(receiver)
    if name in ("values", "__iter__"):
        held = element(form) if isinstance(form, Many) else PLAIN
        loc = receiver.loc
        from toolaudit.effects.keys import ANY

        return Value(Many("generator", element=shared(held, loc / (ANY,)) if loc is not None else held))
    if name == "keys" and isinstance(form, Many) and form.entries:
        return Value(Many("list", items=tuple(key for key, _ in form.entries)))
    if name in ("copy", "union", "intersection", "difference"):
        kept = still_shared(receiver, form, form.kind) if name == "copy" and isinstance(form, Many) else None
        return Value(kept or form)
    if name == "count" or name == "index":
        return PLAIN
    return PLAIN if isinstance(form, Many) or name in NAMES else Value(Data())


def _pairs(receiver: Value) -> Value:
    from toolaudit.effects.keys import ANY

    form = receiver.form
    held = element(form) if isinstance(form, Many) else PLAIN
    keys = [key for key, _ in form.entries] if isinstance(form, Many) and form.entries else []
    if receiver.loc is not None:
        held = shared(held, receiver.loc / (ANY,))
    pair = Value(Many("tuple", items=(union(keys[:12]) if keys else PLAIN, held)))
    return Value(Many("generator", element=pair))


def added_to(held: Value, name: str, arguments: Arguments, in_loop: bool) -> Value:
    """An owned container that a local name holds, after a method."""
    if name == "extend" and arguments.args and not in_loop:
        made = chained(held, arguments.args[0], held.taint)
        return held if made is None else made
    return Value(grown(held.form, name, arguments, in_loop), held.taint) if isinstance(held.form, Many) else held


def grown(form: Many, name: str, arguments: Arguments, in_loop: bool = False) -> Many:
    """An owned container after a method that adds to it."""
    args = arguments.args
    if name == "append" and args:
        return Many(form.kind, element=args[0], type=form.type) if in_loop and form.items == () else _with_element(form, args[0])
    if name == "extend" and args:
        other = args[0].form
        return _with_element(form, element(other)) if isinstance(other, Many) else form
    if name == "add" and args:
        return _with_element(form, args[0])
    if name == "update" and form.entries is not None:
        more = tuple((Value(Scalar(k)), v) for k, v in arguments.keywords)
        if args and isinstance(args[0].form, Many) and args[0].form.entries is not None:
            more = (*args[0].form.entries, *more)
        elif args:
            return Many(form.kind, None, None, union([element(form)]), form.type)
        return Many(form.kind, None, (*form.entries, *more)[:40], form.element, form.type)
    if name in ("insert", "appendleft") and len(args) > 0:
        return _with_element(form, args[-1])
    return form


def _with_element(form: Many, value: Value) -> Many:
    if form.items is not None and len(form.items) < 16 and form.kind == "list":
        return Many(form.kind, (*form.items, value), None, form.element, form.type)
    return Many(
        form.kind, None, None, union([element(form), value]) if element(form) != PLAIN else value, form.type, (form.items or form.head)[:4]
    )


# --- text ------------------------------------------------------------------------------------------------------------


def _on_text(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
    receiver = read(frame, receiver, line)
    taint = receiver.taint | taints(arguments.all())
    for value in arguments.all():
        taint = taint | read(frame, value, line).taint
    form = receiver.form
    if name == "format":
        return formatted(receiver, arguments).tainted(taint)
    if name == "join" and arguments.args:
        held = _filled(arguments.args[0])
        if isinstance(held, Many) and held.items is not None and isinstance(form, Scalar):
            return text(join([parts_of(v) for v in held.items], str(form.value)), taint)
        members = [element(held)] if isinstance(held, Many) and held.items is None else [*arguments.args]
        return Value(Text(parts), taint) if (parts := _whole(derived(members))) else Value(Data(), taint)
    if name in TEXT_SAME:
        return _same(receiver, name, arguments, taint | replaced(receiver, arguments) if name == "replace" else taint)
    if name in ("get", "pop", "setdefault") and arguments.args and isinstance(form, Text):
        return item(frame, receiver, arguments.args[0], line).tainted(taint)
    if name in ("split", "rsplit", "splitlines") and isinstance(form, Scalar) and (pieces := _pieces(str(form.value), name, arguments)):
        return Value(Many("list", tuple(Value(Scalar(piece), taint) for piece in pieces)), taint)
    if name in ("items", "values", "keys", *PARTS):
        held_text = Value(form, taint) if isinstance(form, Text) else PLAIN
        if name == "items":
            return Value(Many("generator", element=Value(Many("tuple", items=(held_text, held_text)))), taint)
        return Value(Many("list", element=held_text), taint)
    if name in NAMES or isinstance(form, Scalar):
        return Value(Data(), taint)
    return Value(Data(), taint) if not isinstance(form, Text) else _method_of_argument(frame, form, name, taint, line, arguments)


def _filled(value: Value) -> Form:
    """A container as it is where anything was put into it."""
    options = [option.form for option in alternatives(value) if not (isinstance(option.form, Many) and option.form.items == ())]
    return options[0] if len(options) == 1 else value.form


def _whole(parts: tuple[KeyPart, ...]) -> tuple[KeyPart, ...]:
    """What pieces of a text or members of a list make when they are put together again: it is named by what they are of."""
    return tuple(dict.fromkeys(KeyPart(part.kind, part.text.removesuffix("*").removesuffix("[]").removesuffix(".")) for part in parts))


def _pieces(held: str, name: str, arguments: Arguments) -> list[str]:
    """What constant text falls into; nothing where the separator is not constant or the pieces are many."""
    if not all(isinstance(value.form, Scalar) for value in arguments.args) or arguments.keywords:
        return []
    try:
        found = getattr(held, name)(*(value.form.value for value in arguments.args if isinstance(value.form, Scalar)))
    except (TypeError, ValueError):
        return []
    return found if len(found) <= MAX_PIECES else []


def _method_of_argument(frame: Frame, form: Text, name: str, taint: frozenset[int | str], line: int, arguments: Arguments) -> Value:
    """A method of a constructor's argument is a client's, where its name says so; what the model supplies is plain data."""
    from toolaudit.effects.guesses import client_like, prepares, unlisted, verb_known

    held = len(form.parts) == 1 and form.parts[0].kind == "self" and name not in SAFE_ON_ARGUMENTS
    if held and (client_like(form.parts[0].text) or verb_known(name) or (frame.discarded and not prepares(name))):
        return unlisted(frame, Value(form, taint), form.parts[0].text, name, taint, line, None, arguments)
    return Value(Data(), taint)


SAFE_ON_ARGUMENTS = {"model_dump", "dict", "json", "model_dump_json", "to_dict", "copy", "value", "isoformat", "tolist"}


def _same(receiver: Value, name: str, arguments: Arguments, taint: frozenset[int | str]) -> Value:
    form = receiver.form
    if isinstance(form, Scalar) and isinstance(form.value, str) and all(isinstance(a.form, Scalar) for a in arguments.args):
        given = [a.form.value for a in arguments.args if isinstance(a.form, Scalar)]
        if name in ("strip", "lstrip", "rstrip", "lower", "upper", "removeprefix", "removesuffix", "replace", "title", "casefold"):
            try:
                return Value(Scalar(str(getattr(form.value, name)(*given))), taint)
            except TypeError:
                return Value(Data(), taint)
    return Value(form, taint) if isinstance(form, Text) else Value(Data(), taint)


def formatted(receiver: Value, arguments: Arguments) -> Value:
    """`"{base}/{}".format(x, base=y)` as parts."""
    import string

    form = receiver.form
    if not isinstance(form, Scalar) or not isinstance(form.value, str):
        return Value(Text(parts)) if (parts := derived([receiver, *arguments.all()])) else PLAIN
    pieces = []
    auto = 0
    named = dict(arguments.keywords)
    try:
        for before, hole, _, _ in string.Formatter().parse(form.value):
            pieces.append(literal(before))
            if hole is None:
                continue
            if hole == "" or hole.isdigit():
                index = int(hole) if hole else auto
                auto += 1
                value = arguments.args[index] if index < len(arguments.args) else PLAIN
            else:
                value = named.get(hole.split(".")[0].split("[")[0], PLAIN)
            pieces.append(parts_of(value))
    except ValueError:
        return PLAIN
    return text(tuple(part for piece in pieces for part in piece))


def option_forms(value: Value) -> tuple[Value, ...]:
    return value.form.values if isinstance(value.form, Either) else (value,)
