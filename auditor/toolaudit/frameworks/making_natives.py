"""Built-in functions and methods of constants and containers, in code that makes tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from toolaudit.frameworks.client_operations import ATTRIBUTES, Service
from toolaudit.frameworks.making_values import (
    ABSENT,
    NONE,
    UNKNOWN,
    Client,
    Either,
    Foreign,
    Kind,
    Made,
    Native,
    Plain,
    Row,
    Table,
    Thing,
    Value,
    either,
    key_of,
    looked_up,
    members,
    of_key,
    options,
    plain,
    present,
    truth,
)

Args = list[Value]
Keywords = dict[str, Value]

_TEXT = frozenset({
    "capitalize", "casefold", "endswith", "isidentifier", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
    "rpartition", "rsplit", "rstrip", "split", "startswith", "strip", "swapcase", "title", "upper",
})  # fmt: skip
"""Methods of text that are worked out where all is known; each takes time that grows with the text alone."""
_LONGEST = 2000


def text_method(text: str, name: str) -> Value:
    return Native(partial(_text, text, name)) if name in _TEXT else UNKNOWN


def _text(text: str, name: str, args: Args, keywords: Keywords) -> Value:
    given = [raw(one) for one in args]
    named = {key: raw(value) for key, value in keywords.items()}
    if any(one is UNKNOWN for one in (*given, *named.values())) or len(text) > _LONGEST or not all(map(_is_short, given)):
        return UNKNOWN
    try:
        return from_raw(getattr(text, name)(*given, **named))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        return UNKNOWN


def _is_short(value: object) -> bool:
    """Not so long that what is made of it again and again takes all memory."""
    return len(value) <= _LONGEST if isinstance(value, str | list | tuple) else True


def raw(value: Value) -> object:
    """A constant, or a list or tuple of constants; `UNKNOWN` for anything else."""
    if isinstance(value, Row) and not value.rest:
        inner = [raw(one) for one in value.items]
        return UNKNOWN if any(one is UNKNOWN for one in inner) else tuple(inner) if value.kind == "tuple" else inner
    return value.value if isinstance(value, Plain) and value is not ABSENT else UNKNOWN


def from_raw(made: object) -> Value:
    if isinstance(made, list | tuple):
        return Row([from_raw(one) for one in made], kind="tuple" if isinstance(made, tuple) else "list")
    return Plain(made) if isinstance(made, str | int | float | bool) or made is None else UNKNOWN


def attribute(value: Value, name: str) -> Value:
    """An attribute or method of a value that is no object of the project."""
    if isinstance(value, Plain) and isinstance(value.value, str):
        return text_method(value.value, name)
    if isinstance(value, Table) and name in _OF_TABLE:
        return Native(partial(_OF_TABLE[name], value))
    if isinstance(value, Row) and name in _OF_ROW:
        return Native(partial(_OF_ROW[name], value))
    if isinstance(value, Client):
        return of_client(value, name)
    return Foreign(f"{value.name}.{name}") if isinstance(value, Foreign) else UNKNOWN


# --- containers ------------------------------------------------------------------------------------------------------


def _get(table: Table, args: Args, keywords: Keywords) -> Value:
    found = looked_up(table, key_of(args[0])) if args else UNKNOWN
    default = args[1] if len(args) > 1 else keywords.get("default", NONE)
    return either(default if one is ABSENT else one for one in options(found))


def _pop(table: Table, args: Args, keywords: Keywords) -> Value:
    found = _get(table, args, keywords)
    table.items.pop(key_of(args[0]) if args else None, None)
    return found


def _setdefault(table: Table, args: Args, keywords: Keywords) -> Value:
    found, key = _get(table, args, keywords), key_of(args[0]) if args else None
    if key is not None and key not in table.items and not table.rest:
        table.items[key] = found
    return found


def _update(table: Table, args: Args, keywords: Keywords) -> Value:
    for one in args:
        merge(table, one)
    table.items.update(keywords)
    return NONE


def merge(table: Table, other: Value) -> None:
    """`table.update(other)`, `{**other}`."""
    if isinstance(other, Table):
        table.items |= other.items
        table.rest += other.rest
    elif isinstance(other, Row) and all(isinstance(pair, Row) and len(pair.items) == 2 for pair in other.items):
        table.items |= {key_of(pair.items[0]): pair.items[1] for pair in other.items if isinstance(pair, Row)}
    elif not (isinstance(other, Plain) and other.value is None):
        table.rest.append(UNKNOWN)


def pairs(table: Table) -> Row:
    made: list[Value] = [Row([of_key(key), present(value)], kind="tuple") for key, value in table.items.items()]
    return Row(made, [Row([UNKNOWN, either(table.rest)], kind="tuple")] if table.rest else [])


_OF_TABLE: dict[str, Callable[[Table, Args, Keywords], Value]] = {
    "get": _get,
    "pop": _pop,
    "setdefault": _setdefault,
    "update": _update,
    "items": lambda table, _, __: pairs(table),
    "keys": lambda table, _, __: Row([of_key(key) for key in table.items], [UNKNOWN] if table.rest else []),
    "values": lambda table, _, __: Row([present(value) for value in table.items.values()], list(table.rest)),
    "copy": lambda table, _, __: Table(dict(table.items), list(table.rest)),
}


def _append(row: Row, args: Args, _: Keywords) -> Value:
    _grow(row, args[-1:], [])
    return NONE


def _grow(row: Row, items: list[Value], rest: list[Value]) -> None:
    """Add members; past a number of them one that is not known stands for more."""
    row.items += items[: max(_LONGEST - len(row.items), 0)]
    row.rest += rest[: max(_LONGEST - len(row.rest), 0)]
    if len(row.items) >= _LONGEST and not row.rest:
        row.rest.append(UNKNOWN)


def _extend(row: Row, args: Args, _: Keywords) -> Value:
    for one in args:
        given = list(members(one))
        _grow(row, [item for item, certain in given if certain], [item for item, certain in given if not certain])
    return NONE


def _remove(row: Row, args: Args, _: Keywords) -> Value:
    gone = [key_of(one) for one in args]
    row.items[:] = [one for one in row.items if key_of(one) is None or key_of(one) not in gone]
    return NONE


_OF_ROW: dict[str, Callable[[Row, Args, Keywords], Value]] = {
    "append": _append,
    "add": _append,
    "insert": _append,
    "extend": _extend,
    "update": _extend,
    "remove": _remove,
    "discard": _remove,
    "copy": lambda row, _, __: Row(list(row.items), list(row.rest), row.kind),
    "union": lambda row, args, _: combined("+", row, either(args)),
    "difference": lambda row, args, _: combined("-", row, either(args)),
    "intersection": lambda row, args, _: combined("&", row, either(args)),
}


def contains(value: Value, member: Value) -> bool | None:
    """`member in value`; None where it is not known."""
    key = key_of(member)
    if isinstance(value, Plain) and isinstance(value.value, str) and isinstance(plain(member), str):
        return str(plain(member)) in value.value
    if key is None or not isinstance(value, Table | Row):
        return None
    if isinstance(value, Table):
        found = options(looked_up(value, key))
        return None if ABSENT in found and len(found) > 1 else ABSENT not in found
    keys = [key_of(one) for one in value.items]
    return True if key in keys else None if value.rest or None in keys else False


def combined(op: str, left: Value, right: Value) -> Value:
    """`left op right` of constants and containers."""
    if isinstance(left, Table) and isinstance(right, Table) and op == "|":
        made = Table(dict(left.items), list(left.rest))
        merge(made, right)
        return made
    if isinstance(left, Row) and isinstance(right, Row | Table):
        others = right if isinstance(right, Row) else Row([of_key(key) for key in right.items], right.rest)
        if op in ("+", "|"):
            made_row = Row(list(left.items), list(left.rest), left.kind)
            _grow(made_row, others.items, others.rest)
            return made_row
        if op in ("-", "&"):
            kept = [(one, contains(others, one)) for one in left.items]
            wanted = op == "&"
            return Row([one for one, inside in kept if inside is wanted], [one for one, inside in kept if inside is None], left.kind)
    one, other = raw(left), raw(right)
    if op == "+" and isinstance(one, str) and isinstance(other, str):
        return Plain(one + other) if _is_short(one) and _is_short(other) else UNKNOWN
    return Plain(one + other) if op == "+" and isinstance(one, int) and isinstance(other, int) else UNKNOWN


# --- clients ---------------------------------------------------------------------------------------------------------


def of_client(client: Client, name: str) -> Value:
    """An attribute of a client, of its `meta`, or of the model of its service."""
    service, part = client.service, client.part
    if part == "meta":
        if name == "method_to_api_mapping":
            return Table({method: Plain(own) for method, (own, _) in service.operations.items()})
        return Client(service, "model") if name == "service_model" else UNKNOWN
    if part == "model":
        if name == "operation_names":
            return Row([Plain(own) for own in service.names])
        return Plain(service.name) if name == "service_name" else Client(service, f"model.{name}")
    if part:
        return UNKNOWN
    if name in ATTRIBUTES:
        return Client(service, name)
    return Client(service, f"operation:{name}") if name in service.methods else ABSENT


def directory(client: Client) -> Row:
    return Row([Plain(name) for name in sorted((*client.service.methods, *ATTRIBUTES, "__class__", "_make_api_call"))])


def is_callable(value: Value) -> bool | None:
    if isinstance(value, Made | Kind | Native):
        return True
    if isinstance(value, Client):
        return value.part.startswith("operation:")
    return False if isinstance(value, Plain | Table | Row) and value is not ABSENT else None


# --- functions -------------------------------------------------------------------------------------------------------


def _listed(kind: str, args: Args, _: Keywords) -> Value:
    if not args:
        return Row(kind=kind)
    given = list(members(args[0]))
    return Row([one for one, certain in given if certain], [one for one, certain in given if not certain], kind)


def _sorted(args: Args, keywords: Keywords) -> Value:
    made = _listed("list", args[:1], keywords)
    if isinstance(made, Row) and all(isinstance(plain(one), str) for one in made.items):
        made.items.sort(key=lambda one: str(plain(one)))
    return made


def _dict(args: Args, keywords: Keywords) -> Value:
    made = Table()
    for one in args:
        merge(made, one)
    made.items.update(keywords)
    return made


def _directory(args: Args, _: Keywords) -> Value:
    return directory(args[0]) if args and isinstance(args[0], Client) and not args[0].part else UNKNOWN


def _callable(args: Args, _: Keywords) -> Value:
    said = is_callable(args[0]) if args else None
    return UNKNOWN if said is None else Plain(said)


def _enumerate(args: Args, _: Keywords) -> Value:
    given = [] if not args else [one for one, _ in members(args[0])]
    rows: list[Value] = [Row([Plain(number), one], kind="tuple") for number, one in enumerate(given)]
    return Row(rows)


def _zip(args: Args, _: Keywords) -> Value:
    if not all(isinstance(one, Row) and not one.rest for one in args):
        return UNKNOWN
    found: list[Value] = [Row(list(made), kind="tuple") for made in zip(*(one.items for one in args if isinstance(one, Row)), strict=False)]
    return Row(found)


def _str(args: Args, _: Keywords) -> Value:
    known = raw(args[0]) if args else ""
    return Plain(str(known)) if isinstance(known, str | int | float | bool) else UNKNOWN


def _bool(args: Args, _: Keywords) -> Value:
    said = truth(args[0]) if args else False
    return UNKNOWN if said is None else Plain(said)


def _isinstance(args: Args, _: Keywords) -> Value:
    kind = args[1].name if len(args) == 2 and isinstance(args[1], Foreign) else ""
    kinds = {"str": (Plain, str), "dict": (Table, None), "list": (Row, None), "bool": (Plain, bool), "int": (Plain, int)}
    if kind not in kinds or not args or args[0] is UNKNOWN or isinstance(args[0], Either | Foreign | Thing):
        return UNKNOWN
    form, inner = kinds[kind]
    return Plain(isinstance(args[0], form) and (inner is None or isinstance(plain(args[0]), inner)))


FUNCTIONS: dict[str, Callable[[Args, Keywords], Value]] = {
    "dir": _directory,
    "callable": _callable,
    "sorted": _sorted,
    "list": partial(_listed, "list"),
    "tuple": partial(_listed, "tuple"),
    "set": partial(_listed, "set"),
    "frozenset": partial(_listed, "set"),
    "reversed": partial(_listed, "list"),
    "dict": _dict,
    "enumerate": _enumerate,
    "zip": _zip,
    "str": _str,
    "bool": _bool,
    "isinstance": _isinstance,
}


def operation_model(service: Service, args: Args) -> Value | None:
    """`service_model.operation_model("SendMessage")`; None where there is no such operation and it raises."""
    own = plain(args[0]) if args else None
    return UNKNOWN if not isinstance(own, str) or own in service.method_of else None
