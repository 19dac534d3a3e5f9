"""Settings of the process that functions change: locale, the interpreter's limits, warning filters, loggers, sockets' timeout, signals,
the shared random generator. Each is named as the scan names it, read back at the end of a schedule and put back before the next.
"""

from __future__ import annotations

import locale
import logging
import random
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, holds_turn, quiet, turn
from pytest_toolaudit.owned import is_own_file
from pytest_toolaudit.points.resources import touch

_MISSING = object()
Function = tuple[Any, str]


@dataclass(frozen=True)
class Setting:
    """One resource: the functions that read and write it, how its value is taken, shown for comparison, and put back."""

    resource: str
    reads: tuple[Function, ...]
    writes: tuple[Function, ...]
    get: Callable[[], Any]
    put: Callable[[Any], object]
    shown: Callable[[Any], Any] = lambda value: value


def _limits() -> tuple[Any, ...]:
    return sys.getrecursionlimit(), sys.getswitchinterval()


def _set_limits(value: tuple[Any, ...]) -> None:
    sys.setrecursionlimit(value[0])
    sys.setswitchinterval(value[1])


def _loggers() -> list[logging.Logger]:
    return [logging.root, *(one for one in list(logging.root.manager.loggerDict.values()) if isinstance(one, logging.Logger))]


def _logging() -> Any:
    parts = [(one, one.level, one.disabled, one.propagate, list(one.handlers), list(one.filters)) for one in _loggers()]
    return logging.root.manager.disable, parts


def _set_logging(value: Any) -> None:
    disable, parts = value
    logging.disable(disable)
    for one, level, disabled, propagate, handlers, filters in parts:
        one.setLevel(level)
        one.disabled, one.propagate = disabled, propagate
        one.handlers[:], one.filters[:] = handlers, filters


def _shown_logging(value: Any) -> Any:
    disable, parts = value
    changed = [
        (one.name, level, off, up, *(type(h).__name__ for h in held)) for one, level, off, up, held, _ in parts if level or held or off
    ]
    return (disable, *sorted(changed))


def _filters() -> Any:
    return list(warnings.filters), warnings.showwarning


def _set_filters(value: Any) -> None:
    warnings.filters[:], warnings.showwarning = value  # type: ignore[index]
    mutated: Any = getattr(warnings, "_filters_mutated", None) or getattr(warnings, "_filters_mutated_lock_held", None)
    if mutated is not None:
        mutated()


def _shown_filters(value: Any) -> Any:
    return tuple((action, getattr(message, "pattern", message), kind.__name__) for action, message, kind, *_ in value[0])


_locale = locale.setlocale
_TO_HANDLERS = "Logger.handle"
_LOGGER = ("setLevel", "addHandler", "removeHandler", "addFilter", "removeFilter")
SETTINGS = (
    Setting(
        "other:locale", ((locale, "getlocale"), (locale, "localeconv")), (), lambda: _locale(locale.LC_ALL), lambda old: _locale(locale.LC_ALL, old)
    ),
    Setting(
        "other:sys.settings", ((sys, "getrecursionlimit"), (sys, "getswitchinterval")), ((sys, "setrecursionlimit"), (sys, "setswitchinterval")),
        _limits, _set_limits,
    ),
    Setting("other:socket.timeout", ((socket, "getdefaulttimeout"),), ((socket, "setdefaulttimeout"),), socket.getdefaulttimeout, socket.setdefaulttimeout),
    Setting(
        "other:warnings.filters", (),
        ((warnings, "simplefilter"), (warnings, "filterwarnings"), (warnings, "resetwarnings"), (warnings.catch_warnings, "__enter__"),
         (warnings.catch_warnings, "__exit__")),
        _filters, _set_filters, _shown_filters,
    ),
    Setting(
        "memory:logging", ((logging.Logger, "isEnabledFor"), (logging.Logger, "getEffectiveLevel"), (logging.Logger, "handle")),
        (*((logging.Logger, name) for name in _LOGGER), (logging, "basicConfig"), (logging, "disable")), _logging, _set_logging, _shown_logging,
    ),
    Setting("other:signal", ((signal, "getsignal"),), ((signal, "signal"),), lambda: None, lambda old: None),
)  # fmt: skip
BY_NAME = {one.resource: one for one in SETTINGS}
_get_state, _set_state = random.getstate, random.setstate


class Before:
    """What the settings were before the first call of a schedule changed them."""

    def __init__(self) -> None:
        self.saved: dict[str, Any] = {}
        self.random: Any = None
        self.attributes: dict[tuple[ModuleType, str], Any] = {}

    def keep(self, setting: Setting) -> None:
        """Called before a change."""
        if setting.resource not in self.saved:
            self.saved[setting.resource] = setting.get()

    def keep_attribute(self, module: ModuleType, name: str) -> None:
        """Called before an attribute of a module is assigned; those of the tools' own modules are put back with all they hold."""
        if (module, name) not in self.attributes and not is_own_file(getattr(module, "__file__", None)):
            self.attributes[module, name] = vars(module).get(name, _MISSING)

    def restore(self) -> None:
        """Everything that was changed, as it was."""
        while self.attributes:
            (module, name), before = self.attributes.popitem()
            if before is not _MISSING:
                setattr(module, name, before)
            elif name in vars(module):
                delattr(module, name)
        while self.saved:
            resource, value = self.saved.popitem()
            BY_NAME[resource].put(value)
        if self.random is not None:
            _set_state(self.random)
            self.random = None


BEFORE = Before()


def final(resource: str) -> Any:
    """A setting's value now, as it is compared; its name as the resource's key."""
    setting = BY_NAME[resource]
    return setting.shown(setting.get())


def _told(kind: str, setting: Setting, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not holds_turn():
                return original(*args, **kwargs)
            if kind == WRITE:
                BEFORE.keep(setting)
            touch(kind, setting.resource, name)
            if name == _TO_HANDLERS:  # they may be the tools' own code
                return original(*args, **kwargs)
            with quiet():  # one function may call another of the same setting
                return original(*args, **kwargs)

        return call

    return make


def _setlocale(original: Callable[..., str]) -> Callable[..., str]:
    def setlocale(category: int, locale: Any = None) -> str:
        if holds_turn():
            if locale is not None:
                BEFORE.keep(BY_NAME["other:locale"])
            touch(READ if locale is None else WRITE, "other:locale", "locale.setlocale")
        with quiet():
            return original(category, locale)

    return setlocale


def _warn(original: Callable[..., None]) -> Callable[..., None]:
    def warn(message: Any, category: Any = None, stacklevel: int = 1, *args: Any, **kwargs: Any) -> None:
        if holds_turn():
            touch(READ, "other:warnings.filters", "warnings.warn")
        original(message, category, stacklevel + 1, *args, **kwargs)

    return warn


def seeding() -> None:
    """A call seeds the generator that all share: from here to the end of the schedule they draw from it."""
    if BEFORE.random is None:
        BEFORE.random = _get_state()
    touch(WRITE, "memory:random", "random.seed")
    turn.engine.seeded = True


def _seed(original: Callable[..., None]) -> Callable[..., None]:
    def seed(*args: Any, **kwargs: Any) -> None:
        if holds_turn():
            seeding()
        original(*args, **kwargs)

    return seed


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """Every function of every setting."""
    also = list(modules)
    for setting in SETTINGS:
        for kind, functions in ((READ, setting.reads), (WRITE, setting.writes)):
            for owner, name in functions:
                shown = f"{owner.__name__}.{name}".replace("__", "")
                patches.wrap(owner, name, _told(kind, setting, shown), also if isinstance(owner, ModuleType) else ())
    patches.wrap(locale, "setlocale", _setlocale, also)
    patches.wrap(warnings, "warn", _warn, also)
    for name in ("seed", "setstate"):
        patches.wrap(random, name, _seed, also)
