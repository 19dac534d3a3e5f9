"""Values that a tool itself tells for its parameters: in its schema, its docstring, and the conditions of its code."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolaudit_reports.document import Tool

Values = Mapping[str, tuple[Any, ...]]
_EXAMPLE = re.compile(r"(?:\be\.g\.?|\bfor example|\bexamples?\b|\bsuch as|\blike)[\s:,(]*[`'\"]([^`'\"\n]{1,80})[`'\"]", re.IGNORECASE)
_ONE_OF = re.compile(r"\b(?:one of|either|options|valid|allowed|supported|must be|can be|choose|possible values)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[`'\"]([\w .:/+-]{1,40})[`'\"]")
_HEADING = re.compile(r"^\s*(?::param\s+)?(?:[\w.]+\s+)?\**(\w+)\**\s*(?:\([^)]*\))?\s*:")
_SCHEMA_LISTS, _SCHEMA_VALUES = ("enum", "examples"), ("const", "example", "default")
CONTINUED = 3


def allowed_values(function: Callable[..., Any], tool: Tool) -> Values:
    """Parameter → the values that are all it takes: an `enum` of its schema, what its code compares it with, what its text lists."""
    found: dict[str, tuple[Any, ...]] = {}
    for name, text in _texts(function, tool).items():
        listed = _ONE_OF.search(text)
        options = tuple(dict.fromkeys(_QUOTED.findall(text[listed.end() :]))) if listed else ()
        found.update({name: options} if len(options) > 1 else {})
    found |= {name: values for name, values in _conditions(_code(function), _space(function)).items() if name in _names(function, tool)}
    found |= {name: tuple(said["enum"]) for name, said in _schema(function, tool).items() if said.get("enum")}
    return found


def example_values(function: Callable[..., Any], tool: Tool) -> Values:
    """Parameter → values that somebody thought of as examples: they may suit a world that is not there."""
    found: dict[str, tuple[Any, ...]] = {}
    for name, text in _texts(function, tool).items():
        said = _EXAMPLE.findall(text)
        found.update({name: tuple(said)} if said else {})
    found |= _called(inspect.getdoc(_plain(function)) or "", tool.name, _names(function, tool))
    for name, hint in _hints(function).items():
        given = tuple(value for part in typing.get_args(hint)[1:] for value in getattr(part, "examples", None) or ())
        found.update({name: given} if typing.get_origin(hint) is typing.Annotated and given else {})
    for name, schema in _schema(function, tool).items():
        values = (*schema.get("examples", ()), *(schema[key] for key in _SCHEMA_VALUES if schema.get(key) not in (None, "")))
        found.update({name: values} if values else {})
    return found


def _plain(function: Callable[..., Any]) -> Any:
    plain = inspect.unwrap(getattr(function, "func", function))
    return getattr(plain, "__func__", plain)


def _space(function: Callable[..., Any]) -> Mapping[str, Any]:
    space: Mapping[str, Any] = getattr(_plain(function), "__globals__", {})
    return space


def _names(function: Callable[..., Any], tool: Tool) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in tool.parameters) or tuple(_hints(function))


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(_plain(function), include_extras=True)
    except Exception:  # annotations may name what only type checkers import
        return {}


def _texts(function: Callable[..., Any], tool: Tool) -> dict[str, str]:
    """What is said of each parameter: its paragraph of the docstring, the description of its field or schema."""
    found: dict[str, str] = {}
    names = set(_names(function, tool))
    lines = (inspect.getdoc(_plain(function)) or "").splitlines()
    for at, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading is not None and heading[1] in names:
            rest = (more for more in lines[at + 1 : at + 1 + CONTINUED])
            paragraph = [line[heading.end() :], *_until(rest, lambda more: not more.strip() or _HEADING.match(more) is not None)]
            found[heading[1]] = " ".join(paragraph)
    for name, hint in _hints(function).items():
        said = [str(part.description) for part in typing.get_args(hint)[1:] if getattr(part, "description", None)]
        if typing.get_origin(hint) is typing.Annotated and said:
            found[name] = " ".join((found.get(name, ""), *said))
    for name, schema in _schema(function, tool).items():
        found[name] = f"{found.get(name, '')} {schema.get('description') or ''}"
    return found


def _until(lines: Iterable[str], ends: Callable[[str], bool]) -> Iterator[str]:
    for line in lines:
        if ends(line):
            return
        yield line


def _called(doc: str, name: str, parameters: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The constants with which a docstring calls the tool: `add_row("people", name="Ada")`."""
    found: dict[str, tuple[Any, ...]] = {}
    for call in re.findall(rf"\b{re.escape(name)}\([^()]*\)", doc):
        try:
            node = ast.parse(call, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(node, ast.Call):
            given = [*zip(parameters, node.args, strict=False), *((word.arg or "", word.value) for word in node.keywords)]
            for parameter, value in given:
                constant = _constant(value, {})
                if parameter in parameters and constant:
                    found[parameter] = (*found.get(parameter, ()), *constant)
    return found


def _constant(node: ast.expr, space: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a literal, or a name of the module, holds: one value, or the members of a collection; nothing for anything else."""
    if isinstance(node, ast.Name):
        held = space.get(node.id)
        kept = held if isinstance(held, list | tuple | set | frozenset | dict) else ()
        ordered = sorted(kept, key=str) if isinstance(kept, set | frozenset) else kept
        return tuple(value for value in ordered if isinstance(value, str | int))
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return ()
    return (value,)


@functools.cache
def _code(function: Callable[..., Any]) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(_plain(function))))
    except (OSError, TypeError, SyntaxError):
        return None


def _conditions(code: ast.AST | None, space: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Name → the constants with which the code compares it: `x not in ("a", "b")` alone, else `x == "a"` and its like together."""
    members: dict[str, tuple[Any, ...]] = {}
    equals: dict[str, tuple[Any, ...]] = {}
    for node in ast.walk(code) if code is not None else ():
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
            continue
        name = _compared(node.left)
        given = _constant(node.comparators[0], space)
        if name and isinstance(node.ops[0], ast.NotIn | ast.In) and given:
            flat = tuple(given[0]) if len(given) == 1 and isinstance(given[0], list | tuple | set | dict) else given
            if len(flat) > 1 and all(isinstance(value, str | int) and value != "" for value in flat):
                members.setdefault(name, tuple(sorted(flat, key=str)) if isinstance(given[0], set) else flat)
        elif name and isinstance(node.ops[0], ast.Eq) and given and isinstance(given[0], str) and given[0]:
            equals[name] = (*equals.get(name, ()), given[0])
    return {**{name: tuple(dict.fromkeys(values)) for name, values in equals.items() if len(values) > 1}, **members}


def _compared(node: ast.expr) -> str:
    """The name in `x`, `x.lower()`, `x.strip().upper()`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        node = node.func.value
    return node.id if isinstance(node, ast.Name) else ""


def _schema(function: Callable[..., Any], tool: Tool) -> Mapping[str, Mapping[str, Any]]:
    """The properties of the tool's JSON schema, where its module writes one beside its name."""
    module = sys.modules.get(getattr(_plain(function), "__module__", "") or "")
    return _schemas(module.__file__).get(tool.name, {}) if module is not None and getattr(module, "__file__", None) else {}


@functools.cache
def _schemas(file: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Tool name → property → what is said of it as constants, for each name that stands beside a schema's `properties`."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for node in ast.walk(tree):
        fields = _fields(node)
        name = fields.get("name")
        properties = next((held for value in fields.values() if (held := _properties(value)) is not None), None)
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and properties is not None:
            found.setdefault(name.value, {word: _said(value) for word, value in _fields(properties).items()})
    return found


def _fields(node: ast.AST) -> dict[str, ast.expr]:
    if isinstance(node, ast.Call):
        return {word.arg: word.value for word in node.keywords if word.arg}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return {}


def _properties(node: ast.expr) -> ast.expr | None:
    return _fields(node).get("properties") if isinstance(node, ast.Dict) else None


def _said(node: ast.expr) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in _fields(node).items():
        if key in (*_SCHEMA_LISTS, *_SCHEMA_VALUES, "description"):
            try:
                said[key] = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError):
                continue
    return {key: value for key, value in said.items() if key not in _SCHEMA_LISTS or isinstance(value, list)}
