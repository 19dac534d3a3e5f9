"""Arguments made up from signatures: equal where two calls are to meet, different where they are not."""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, get_args, get_origin

from pytest_toolaudit.confirming.standin import StandIn
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from toolaudit_reports.document import Tool

FILE_WORDS = ("path", "file", "filename", "document", "source", "destination", "dest", "target", "workbook", "notebook")
FOLDER_WORDS = ("dir", "directory", "folder", "root", "base", "workspace", "repo", "repository", "cwd")
DATABASE_WORDS = ("db", "database", "sqlite")
FILE = "toolaudit.json"
DATABASE = "toolaudit.db"
TABLE = "alpha"
STATEMENTS = (
    f"INSERT INTO {TABLE} (name) VALUES ('two')",
    f"SELECT * FROM {TABLE}",
    f"CREATE TABLE {TABLE}_made (id INTEGER PRIMARY KEY, name TEXT)",
    f"UPDATE {TABLE} SET name = name || '!'",
)
FOLDER = "."


def made_up(
    function: Callable[..., Any],
    supplied: Supplied,
    *,
    variant: int = 0,
    fixed: Mapping[str, Any] | None = None,
    required_only: bool = False,
    shared: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Arguments for one call. `variant` tells calls apart: texts and numbers differ between variants, except those in `fixed`.

    `shared` holds objects that a framework injects, by parameter. Raises CannotRunError for a parameter of which nothing is known.
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
        elif shared is not None and name in shared:
            made[name] = shared[name]
        elif parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        elif parameter.default is inspect.Parameter.empty or not required_only:
            made[name] = _for_parameter(name, hints.get(name, Any), parameter.default, variant)
    return made


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = function.__init__ if inspect.isclass(function) else function
    try:
        return typing.get_type_hints(inspect.unwrap(target), include_extras=False)
    except Exception:  # annotations may name what only type checkers import
        return {}


def _for_parameter(name: str, hint: Any, default: Any, variant: int) -> Any:
    if hint is Any and default not in (inspect.Parameter.empty, None):
        hint = type(default)
    if default is not inspect.Parameter.empty and not _plain(hint):
        return default
    if isinstance(default, bool):
        return default
    return value(hint, name, variant)


def _plain(hint: Any) -> bool:
    options = [h for h in get_args(hint) if h is not NoneType] if get_origin(hint) in (typing.Union, UnionType) else [hint]
    return len(options) == 1 and options[0] in (str, int, float)


def value(hint: Any, name: str, variant: int) -> Any:
    """A value of the type. Texts are `alpha`, `beta`, … by variant; names that speak of files or folders get paths inside the working folder."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (typing.Union, UnionType):
        kept = [h for h in inner if h is not NoneType]
        return value(kept[0], name, variant)
    if origin is typing.Annotated:
        return value(inner[0], name, variant)
    if origin is Literal:
        return inner[0]
    if hint in (str, Any, inspect.Parameter.empty, object):
        return text(name, variant)
    if hint is bool:
        return False
    if hint in (int, float):
        return hint(variant + 1)
    if hint is bytes:
        return text(name, variant).encode()
    if inspect.isclass(hint) and issubclass(hint, Path):
        return Path(text(name, variant))
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    collection = origin or hint
    if inspect.isclass(collection):
        return _of_class(collection, inner, name, variant)
    raise CannotRunError(
        f"nothing is known of parameter {name}",
        f'supply it: a hook `pytest_toolaudit_arguments` that returns {{"<tool>": {{"{name}": …}}}}',
    )


def _of_class(collection: type, inner: tuple[Any, ...], name: str, variant: int) -> Any:
    if issubclass(collection, dict):
        return {}
    if issubclass(collection, list | set | frozenset | tuple) or collection.__module__ == "collections.abc":
        item = [value(inner[0], name, variant)] if inner and inner[0] is not Ellipsis else []
        return collection(item) if collection in (list, set, frozenset, tuple) else item
    if collection is NoneType:
        return None
    fields = getattr(collection, "__annotations__", None)
    if fields and (hasattr(collection, "model_validate") or hasattr(collection, "__dataclass_fields__") or issubclass(collection, dict)):
        return collection(**made_up(collection, Supplied(), variant=variant, required_only=True))
    return StandIn(collection.__name__)


def text(name: str, variant: int) -> str:
    """A text that fits the parameter's name."""
    words = name.lower().replace("_", " ").split()
    if any(word in FOLDER_WORDS or word.endswith(("dir", "folder")) for word in words):
        return FOLDER
    if any(word in DATABASE_WORDS or word.startswith("sqlite") for word in words):
        return DATABASE if variant == 0 else f"toolaudit{variant}.db"
    if any(word in FILE_WORDS or word.endswith(("path", "file", "filename")) for word in words):
        return FILE if variant == 0 else f"toolaudit{variant}.json"
    return ("alpha", "beta", "gamma", "delta")[variant % 4]


def choices(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """The values of the first parameter that takes one of a closed set, one dict each: a tool with many actions is many tools."""
    for name, hint in _hints(function).items():
        if get_origin(hint) is Literal and len(get_args(hint)) > 1 and name != "return":
            return [{name: option} for option in get_args(hint)]
    return []


def statements(function: Callable[..., Any], tool: Tool) -> list[dict[str, Any]]:
    """For a tool whose text is SQL, one dict a statement that it may be given: read, written, made; nothing for other tools."""
    names = [parameter.name for parameter in tool.parameters] or list(_hints(function))
    found = [name for name in names if name.lower() in ("query", "sql", "statement", "sql_query")]
    return [{found[0]: statement} for statement in STATEMENTS] if found else []


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


def dispatched(function: Callable[..., Any], tool: Tool, supplied: Supplied, variant: int, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a dispatcher: what tells its tools apart, and the model's arguments as a dict where it takes one."""
    arguments = {
        parameter.name: fixed[parameter.name]
        if parameter.name in fixed
        else value(_TYPES.get((parameter.annotation or "str").split("[")[0], str), parameter.name, variant)
        for parameter in tool.parameters
    }
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
    return made_up(function, supplied, variant=variant, fixed=told, required_only=True)
