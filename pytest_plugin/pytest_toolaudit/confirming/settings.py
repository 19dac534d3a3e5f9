"""Settings that a project's code reads from the environment and that nobody gave: harmless values of the right kind, named in the verdict."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ClassVar

from pytest_toolaudit.confirming.arguments import DATABASE, NAMES

NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_SPEAKS = re.compile(
    r"\b(environment|env(?: var\w*)?|api[ _-]?key|token|credentials?|secret|not (?:set|configured|provided)|is not configured|missing|unset|settings?)\b",
    re.IGNORECASE,
)
_NUMBERS = (
    "port",
    "timeout",
    "limit",
    "size",
    "count",
    "max",
    "min",
    "seconds",
    "ttl",
    "retries",
    "interval",
    "days",
    "width",
    "height",
    "number",
)
_FLAGS = ("debug", "enable", "enabled", "disable", "disabled", "use", "allow", "verbose", "readonly", "dry")
_FOLDERS = ("dir", "directory", "folder", "root", "path", "home", "workspace", "vault")
_NUMBER = "1"
PASSED_ON = ("os", "collections", "_collections_abc", "pytest_toolaudit")
"""Whose code stands between the one who asks and the environment."""


class Settings:
    """For the whole process, because modules are imported once: what was made up for which files of tools."""

    of: ClassVar[dict[str, dict[str, str]]] = {}


@dataclass
class Missing:
    """What the code of some packages asked the environment for in vain, and what was made up for that."""

    files: frozenset[str]
    asked: dict[str, None] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def lacked(self, said: str) -> dict[str, str]:
        """What a refusal may be about, with values: the variables that it names, fields of settings that it misses, else all asked for in vain."""
        spoken = NAME.findall(said) if _SPEAKS.search(said) or "KeyError" in said or _wants_number(said) else []
        named = [name for name in (*spoken, *_fields_missed(said)) if name in self.made or name not in os.environ]
        named += [name for name, value in self.made.items() if _wants_number(said) and value in said]
        asked = [name for name in self.asked if name in said or _SPEAKS.search(said)]
        asked = [name for name in asked if name in self.made or name not in os.environ]
        return {name: value_for(name, said) for name in dict.fromkeys((*named, *asked)) if self._is_new(name, said)}

    def make(self, said: str) -> bool:
        """Sets what a refusal lacked; False when that is nothing new."""
        new = self.lacked(said)
        self.made |= new
        os.environ.update(new)
        return bool(new)

    def keep(self) -> None:
        """Other items of the same files get these settings too."""
        for file in self.files:
            Settings.of.setdefault(file, {}).update(self.made)

    def told(self) -> str:
        """What was made up, for the verdict."""
        return f"with made-up settings: {', '.join(f'{name}={value}' for name, value in self.made.items())}" if self.made else ""

    def _is_new(self, name: str, said: str) -> bool:
        return name not in self.made or (self.made[name] != _NUMBER and _wants_number(said) and self.made[name] in said)


@contextlib.contextmanager
def watched(files: Iterable[str], tops: Iterable[str]) -> Iterator[Missing]:
    """While entered, what was made up for tools of these files is set, and what these packages look up in vain is remembered."""
    roots = frozenset(tops)
    missing = Missing(frozenset(files))
    for file in missing.files:
        missing.made |= {name: value for name, value in Settings.of.get(file, {}).items() if name not in os.environ}
    os.environ.update(missing.made)
    kind: Any = type(os.environ)
    original = kind.__getitem__

    def looked_up(self: Any, key: Any) -> Any:
        try:
            return original(self, key)
        except KeyError:
            if isinstance(key, str) and self is os.environ and _asker() in roots:
                missing.asked[key] = None
            raise

    kind.__getitem__ = looked_up
    try:
        yield missing
    finally:
        kind.__getitem__ = original
        for name in missing.made:
            os.environ.pop(name, None)


def speaks_of_a_variable(said: str) -> bool:
    """Whether a failure names a variable of the environment that it misses, or wants another value of one."""
    return bool((_SPEAKS.search(said) or "KeyError" in said) and NAME.search(said)) or _wants_number(said)


def _asker() -> str:
    """The top-level package of the code that looks up a variable."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in PASSED_ON:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] if frame is not None else ""


def _wants_number(said: str) -> bool:
    return bool(re.search(r"\binvalid literal for int|\bcould not convert string to float|int_parsing|float_parsing", said))


def _fields_missed(said: str) -> list[str]:
    """The variables of a pydantic settings class whose validation failed."""
    title = re.search(r"validation errors? for (\w+)", said)
    if title is None:
        return []
    base: Any = getattr(sys.modules.get("pydantic_settings"), "BaseSettings", None)
    found = [kind for kind in _below(base) if kind.__name__ == title[1]] if base is not None else []
    return [name for kind in found for name in _variables(kind)]


def _below(kind: type[Any]) -> Iterator[type]:
    subclasses: list[type[Any]] = kind.__subclasses__()
    for one in subclasses:
        yield one
        yield from _below(one)


def _variables(kind: Any) -> Iterator[str]:
    prefix = str(kind.model_config.get("env_prefix", ""))
    for name, one in kind.model_fields.items():
        if one.is_required():
            alias = one.validation_alias or one.alias
            yield alias if isinstance(alias, str) else f"{prefix}{name}".upper()


def value_for(name: str, said: str = "") -> str:
    """A harmless value that fits a variable's name: of this machine, of the working folder, or a mere word."""
    words = name.lower().split("_")
    if _wants_number(said) or any(word in _NUMBERS for word in words):
        return _NUMBER
    if any(word in ("url", "uri", "endpoint", "dsn", "server") for word in words):
        return f"sqlite:///{DATABASE}" if {"database", "db", "sqlite", "sql"} & set(words) else "http://127.0.0.1:9"
    if words[-1] in ("host", "hostname"):
        return "127.0.0.1"
    if any(word in _FOLDERS for word in words):
        return DATABASE if {"database", "db"} & set(words) else "."
    if words[-1] in ("file", "filename"):
        return "toolaudit.json"
    if words[0] in _FLAGS or words[-1] in _FLAGS:
        return "false"
    return "us-east-1" if "region" in words else NAMES[0]
