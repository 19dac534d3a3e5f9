"""Arguments made up from signatures: equal where two calls are to meet, different where they are not."""

from __future__ import annotations

import enum
import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, get_args, get_origin

from pytest_toolaudit.confirming.documents import PLAIN, SHEET, TABLE
from pytest_toolaudit.confirming.repository import BRANCH, MAIN
from pytest_toolaudit.confirming.standin import StandIn
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from pytest_toolaudit.injected import injected_names
from toolaudit_reports.document import Tool

FILE_WORDS = ("path", "file", "filename", "document", "source", "destination", "dest", "target", "workbook", "notebook", "presentation")
MADE_WORDS = ("destination", "dest", "dst", "target", "output", "out", "new", "to", "save", "copy")
FOLDER_WORDS = ("dir", "directory", "folder", "root", "base", "workspace", "repo", "repository", "cwd")
GIT_WORDS = ("branch", "ref", "revision", "rev", "commit")
DATABASE_WORDS = ("db", "database", "sqlite")
STEM = "toolaudit"
DATABASE = "toolaudit.db"
MADE_TABLE = f"{TABLE}_made"
STATEMENTS = (
    f"INSERT INTO {TABLE} (name) VALUES ('two')",
    f"SELECT * FROM {TABLE}",
    f"CREATE TABLE {MADE_TABLE} (id INTEGER PRIMARY KEY, name TEXT)",
    f"UPDATE {TABLE} SET name = name || '!'",
    f"SELECT * FROM {MADE_TABLE}",
)
FOLDER = "."
INSIDE = "toolaudit_inside"
Own = Literal["all", "complete", "none"]
OWN: tuple[Own, ...] = ("all", "complete", "none")


@dataclass(frozen=True)
class How:
    """How values are made up: `variant` tells calls apart; files are of `kind`; paths stand below `base`, or are folders throughout;
    parameters in `vary` do not keep their defaults; objects of the project's own classes are made ("all"), stood in ("none"),
    or stood in where they would hold a stand-in ("complete"). `holds` are parameters that name a folder; `inside` is what folders are called
    that are not the working folder itself. `untyped`: what has no annotation is stood in too, instead of a text.
    An id that may be left out is, unless it is among `keys`. `told` are values that the tool itself tells for its parameters.
    """

    variant: int = 0
    kind: str = PLAIN
    base: str = ""
    folders: bool = False
    vary: frozenset[str] = frozenset()
    own: Own = "all"
    untyped: bool = False
    keys: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    inside: str = ""
    told: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


USUAL = How()


def made_up(
    function: Callable[..., Any],
    supplied: Supplied,
    *,
    how: How = USUAL,
    fixed: Mapping[str, Any] | None = None,
    required_only: bool = False,
    shared: Mapping[str, Any] | None = None,
    without: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Arguments for one call: texts and numbers differ between variants, except those in `fixed`.

    `shared` holds objects that both calls get, by parameter; those in `without` somebody else fills. Raises CannotRunError for a parameter of which nothing is known.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    hints = _hints(function)
    made: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in (fixed or {}):
            made[name] = (fixed or {})[name]
        elif name in supplied.objects:
            made[name] = supplied.objects[name]()
        elif _class_name(hints.get(name)) in supplied.objects:
            made[name] = supplied.objects[_class_name(hints[name])]()
        elif shared is not None and name in shared:
            made[name] = shared[name]
        elif name in without or parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        elif parameter.default is inspect.Parameter.empty or not required_only:
            made[name] = _for_parameter(name, hints.get(name, Any), parameter.default, how)
    return made


def _class_name(hint: Any) -> str:
    return hint.__name__ if inspect.isclass(hint) else ""


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    if inspect.isclass(function):  # fields of models, dataclasses and named tuples, and what a constructor says
        return _told(function) | _told(function.__init__)
    return _told(inspect.unwrap(function))


def _told(target: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(target, include_extras=False)
    except Exception:  # annotations may name what only type checkers import
        return {}


def _for_parameter(name: str, hint: Any, default: Any, how: How) -> Any:
    if default not in (inspect.Parameter.empty, None, "") and name not in how.vary:
        return default
    if default is None and ID.search(name.lower()) and name not in how.keys | how.vary:
        return default
    if hint is Any and default not in (inspect.Parameter.empty, None):
        hint = type(default)
    if default is not inspect.Parameter.empty and not _plain(hint):
        return default
    if isinstance(default, bool):
        return default
    return value(hint, name, how)


def _plain(hint: Any) -> bool:
    options = [h for h in get_args(hint) if h is not NoneType] if get_origin(hint) in (typing.Union, UnionType) else [hint]
    return len(options) == 1 and options[0] in (str, int, float)


def value(hint: Any, name: str, how: How) -> Any:
    """A value of the type. Texts are `alpha`, `beta`, … by variant; names that speak of files or folders get paths inside the working folder."""
    origin, inner = get_origin(hint), get_args(hint)
    fitting = [one for one in how.told.get(name, ()) if _fits(one, hint)]
    if fitting:
        return fitting[how.variant % len(fitting)]
    if origin in (typing.Union, UnionType):
        kept = [h for h in inner if h is not NoneType]
        return value(kept[0], name, how)
    if origin is typing.Annotated:
        return value(inner[0], name, how)
    if origin is Literal:
        return inner[0]
    if isinstance(hint, typing.NewType):
        return value(hint.__supertype__, name, how)
    if how.untyped and hint in (Any, inspect.Parameter.empty, object):
        return StandIn(name)
    if hint in (str, Any, inspect.Parameter.empty, object):
        return text(name, how)
    if hint is bool:
        return False
    if hint in (int, float):
        return hint(how.variant + 1)
    if hint is bytes:
        return text(name, how).encode()
    if inspect.isclass(hint) and issubclass(hint, PurePath):
        return hint(text(name, how))
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    collection = origin or hint
    if inspect.isclass(collection):
        return _of_class(collection, inner, name, how)
    raise CannotRunError(
        f"nothing is known of parameter {name}",
        f'supply it: a hook `pytest_toolaudit_arguments` that returns {{"<tool>": {{"{name}": …}}}}',
    )


def _fits(given: Any, hint: Any) -> bool:
    options = get_args(hint) if get_origin(hint) in (typing.Union, UnionType) else (hint,)
    kinds = {get_origin(option) or option for option in options}
    return bool(kinds & {Any, inspect.Parameter.empty}) or type(given) in kinds or (type(given) is int and float in kinds)


def _of_class(collection: type, inner: tuple[Any, ...], name: str, how: How) -> Any:
    if typing.is_typeddict(collection):
        required = getattr(collection, "__required_keys__", ())
        return {key: value(hint, key, how) for key, hint in _hints(collection).items() if key in required}
    if issubclass(collection, dict) or collection in (Mapping, MutableMapping):
        return {text("", how): value(inner[1], name, how)} if len(inner) == 2 else {}
    if issubclass(collection, list | set | frozenset | tuple) or collection.__module__ == "collections.abc":
        item = [value(inner[0], _singular(name), how)] if inner and inner[0] is not Ellipsis else []
        if collection is tuple and Ellipsis not in inner:
            item = [value(hint, name, how) for hint in inner]
        return collection(item) if collection in (list, set, frozenset, tuple) else item
    if collection is NoneType:
        return None
    fields = getattr(collection, "__annotations__", None)
    if fields and (hasattr(collection, "model_validate") or hasattr(collection, "__dataclass_fields__") or hasattr(collection, "_fields")):
        return collection(**made_up(collection, Supplied(), how=how, required_only=True))
    if collection.__module__ in STANDARD:
        return _simplest(collection)
    return made_of(collection, how) or StandIn(collection.__name__)


def made_of(collection: type, how: How = USUAL) -> Any:
    """An object of the project's own class, which tools share; None where it cannot be made. What a framework injects is stood in."""
    from pytest_toolaudit.confirming.stoodin import framework_roots

    foreign = collection.__module__.partition(".")[0] in framework_roots() | {"builtins", "typing"}
    if how.own == "none" or foreign or inspect.isabstract(collection):
        return None
    try:
        made = made_up(collection, Supplied(), how=how, required_only=True)
        incomplete = how.own == "complete" and any(isinstance(part, StandIn) for part in made.values())
        return None if incomplete else collection(**made)
    except Exception:  # it needs more than can be made up
        return None


ID = re.compile(r"(^|_)(id|uuid|uid|guid)$")
STANDARD = ("datetime", "decimal", "fractions", "uuid", "ipaddress", "zoneinfo", "re")


def _simplest(collection: type) -> Any:
    """The simplest value of a type of the standard library, as Hypothesis has it."""
    from hypothesis import find, settings
    from hypothesis import strategies as st

    return find(st.from_type(collection), lambda _: True, settings=settings(database=None, derandomize=True))


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") else name


def text(name: str, how: How = USUAL) -> str:
    """A text that fits the parameter's name."""
    words = name.lower().replace("_", " ").split()
    number = how.variant or ""
    if words and words[-1] in ("id", "uuid", "uid"):
        return NAMES[how.variant % len(NAMES)]
    if words and words[-1] in GIT_WORDS:
        return MAIN if len(words) > 1 else BRANCH
    made = "_new" if any(word in MADE_WORDS for word in words) else ""
    if name in how.holds or any(word in FOLDER_WORDS or word.endswith(("dir", "folder")) for word in words):
        inside = f"{how.inside}{number}" if how.inside else FOLDER
        return how.base + made.lstrip("_") if made else how.base or inside
    if any(word in DATABASE_WORDS or word.startswith("sqlite") for word in words):
        return f"{how.base}{DATABASE}" if how.variant == 0 else f"{how.base}{STEM}{number}.db"
    if any(word in FILE_WORDS or word.endswith(("path", "file", "filename")) for word in words):
        if how.folders:
            return how.base + made.lstrip("_") if made else how.base or FOLDER
        return f"{how.base}{STEM}{made}{number}.{how.kind}"
    for known, said in FITTING.items():
        if known in words and name not in how.vary:
            return said
    return NAMES[how.variant % len(NAMES)]


NAMES = ("alpha", "beta", "gamma", "delta")
FITTING = {
    "table": TABLE,
    "sheet": SHEET,
    "worksheet": SHEET,
    "range": "A1:B2",
    "cell": "A1",
    "start": "A1",
    "column": "A",
    "formula": "=1+1",
    "color": "FF0000",
    "date": "2024-01-01",
    "due": "2024-01-01",
    "email": "alpha@example.com",
}
"""Words of a parameter's name → a text that tools of office documents and of planning take."""


def choices(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """The values of the first parameter that takes one of a closed set, one dict each: a tool with many actions is many tools."""
    for name, hint in _hints(function).items():
        if get_origin(hint) is Literal and len(get_args(hint)) > 1 and name != "return":
            return [{name: option} for option in get_args(hint)]
    return []


def statements(function: Callable[..., Any], tool: Tool) -> list[dict[str, Any]]:
    """For a tool whose text is SQL, one dict a statement that it may be given: read, written, made; for one that is told a table, the
    table that is there, and the one that such a statement makes; nothing for other tools."""
    names = [parameter.name for parameter in tool.parameters] or list(_hints(function))
    found = [name for name in names if name.lower() in ("query", "sql", "statement", "sql_query")]
    if found:
        fitting = sorted(STATEMENTS, key=lambda statement: statement.partition(" ")[0].lower() not in tool.name.lower())
        return [{found[0]: statement} for statement in fitting]
    told = [name for name in names if name.lower() in ("table", "table_name")]
    return [{told[0]: table} for table in (TABLE, MADE_TABLE)] if told else []


def folders(tool: Tool) -> frozenset[str]:
    """The parameters that name a folder: the scan saw the tool use what is in it, and not write a file of that name."""
    keys = [(resource.kind, resource.key, resource.access) for resource in tool.resources]
    written = {key for kind, key, access in keys if kind == "file" and access != "r"}
    return frozenset(
        parameter.name
        for parameter in tool.parameters
        if any(key.startswith(f"{{{parameter.name}}}/") and not key.startswith(f"{{{parameter.name}}}/..") for _, key, _ in keys)
        and f"param:{parameter.name}" not in written
    )


_TYPES = {
    "str": str,
    "string": str,
    "int": int,
    "integer": int,
    "float": float,
    "number": float,
    "bool": bool,
    "boolean": bool,
    "list": list,
    "array": list,
    "dict": dict,
    "object": dict,
}


def dispatched(
    function: Callable[..., Any],
    tool: Tool,
    supplied: Supplied,
    how: How,
    fixed: Mapping[str, Any],
    more: Mapping[str, Any],
    shared: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Arguments of a dispatcher: what tells its tools apart, and the model's arguments as a dict where it takes one.

    `more` are the model's arguments whether the tool declares them or not, `shared` what the dispatcher gets beside them in every call.
    """
    arguments = {
        parameter.name: fixed[parameter.name]
        if parameter.name in fixed
        else value(_TYPES.get((parameter.annotation or "str").split("[")[0], str), parameter.name, how)
        for parameter in tool.parameters
    } | dict(more)
    told: dict[str, Any] = {}
    for name, constant in tool.when.items():
        head, _, rest = name.partition(".")
        told[head] = SimpleNamespace(**{rest: constant}) if rest else constant
    head, _, rest = tool.arguments_in.partition(".")
    if rest:
        setattr(told.setdefault(head, SimpleNamespace()), rest, arguments)
    elif head:
        told[head] = arguments
    else:
        told |= arguments
    beside = {name: one for name, one in more.items() if name not in told and name in _hints(function)} if head else {}
    beside = {name: one for name, one in (shared or {}).items() if name not in told} | beside
    return made_up(function, supplied, how=how, fixed=told, required_only=True, shared=beside)


def standing_in(function: Callable[..., Any], supplied: Supplied) -> Callable[..., Any]:
    """The function with a stand-in for each parameter that no test can write down: a run's context, a client."""
    try:
        given = injected_names(function) | frozenset(supplied.objects)
        made = made_up(function, supplied, required_only=True, without=given)
    except CannotRunError:
        return function
    objects = {name: value for name, value in made.items() if isinstance(value, StandIn)}
    return functools.partial(function, **objects) if objects else function
