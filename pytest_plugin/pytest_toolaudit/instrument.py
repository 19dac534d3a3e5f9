"""Which modules are instrumented, and the exchange of their functions' code, in place, for the time of a batch.

Functions keep their identity: decorated, registered and imported references all see the instrumented code, and
afterwards the original one again. Nothing is installed globally, so other tests cost nothing.
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import linecache
import sys
import types
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pytest_toolaudit.hooks import HOOKS
from pytest_toolaudit.owned import is_own_file
from pytest_toolaudit.rewrite import instrumented
from pytest_toolaudit.rewriting.scopes import assigned_attributes
from pytest_toolaudit.suspending import own_files

Key = tuple[str, int, tuple[str, ...]]
_ROOT_DEPTH = 3


@functools.cache
def _installed_with(top: str) -> frozenset[str]:
    """The other modules that the distribution of an installed module brings: one without a package has its parts side by side."""
    if hasattr(sys.modules.get(top), "__path__"):
        return frozenset()
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    mine = set(owners.get(top, ()))
    return frozenset(other for other, theirs in owners.items() if mine & set(theirs) and other.isidentifier())


def _key(code: types.CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno, code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _end(code: types.CodeType) -> tuple[int, int]:
    """Where the code ends, by line and column: tells functions apart that begin on one line."""
    return max(((end or 0, column or 0) for _, end, _, column in code.co_positions()), default=(0, 0))


def _nested(code: types.CodeType) -> Iterable[types.CodeType]:
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield value
            yield from _nested(value)


class Instrumented:
    """One module: its functions' original and instrumented code, found once, exchanged as often as needed."""

    def __init__(self, module: types.ModuleType, codes: Iterable[types.CodeType]) -> None:
        self.module = module
        self.codes: dict[Key, list[types.CodeType]] = defaultdict(list)
        for code in codes:
            self.codes[_key(code)].append(code)
        self.functions: dict[int, tuple[types.FunctionType, types.CodeType, types.CodeType]] = {}

    def take(self, function: types.FunctionType) -> None:
        """Registers a function whose code can be exchanged."""
        old = function.__code__
        if id(function) in self.functions:
            return
        same = self.codes.get(_key(old), [])
        if len(same) > 1:  # two lambdas on one line
            same = [code for code in same if _end(code) == _end(old)]
        new = same[0] if len(same) == 1 else None
        if new is not None and new is not old and new.co_freevars == old.co_freevars:
            self.functions[id(function)] = (function, old, new)

    def on(self) -> None:
        """The instrumented code runs."""
        for function, _, new in self.functions.values():
            function.__code__ = new

    def off(self) -> None:
        """The original code runs."""
        for function, old, _ in self.functions.values():
            function.__code__ = old


class Instrumentation:
    """All modules instrumented so far in this process; ``on`` and ``off`` bracket a batch."""

    def __init__(self) -> None:
        self.modules: dict[str, Instrumented | None] = {}
        self.active: list[Instrumented] = []
        self.skipped: dict[str, str] = {}

    def include(self, seeds: Iterable[Any], packages: Iterable[str] = ()) -> list[types.ModuleType]:
        """Instruments the modules of the project that the seeds (functions, objects) can reach, and returns them."""
        tops = set(packages)
        start: dict[str, types.ModuleType] = {}
        functions: dict[int, types.FunctionType] = {}
        for seed in seeds:
            home = _home(seed)
            if home and not is_own_file(getattr(sys.modules.get(home), "__file__", None)):
                tops.add(home.partition(".")[0])  # a tool from an installed package: that package is under test
            for module_name in reach(seed, functions):
                module = sys.modules.get(module_name)
                if module is not None:
                    start[module_name] = module
        tops |= {other for top in list(tops) for other in _installed_with(top)}
        tops -= {"pytest_toolaudit", "builtins", "functools", "asyncio", "threading", "_pytest", "pytest", "unittest"}
        tops -= set(sys.stdlib_module_names)
        wanted = self._closure(start, tops)
        fresh = [m for m in wanted if m.__name__ not in self.modules or self._stale(m)]
        for module in fresh:
            linecache.checkcache(self._file(module))
        sources = {module.__name__: "".join(linecache.getlines(self._file(module))) for module in fresh}
        assigned = {name for source in sources.values() for name in _assigned(source)}
        for module in fresh:
            self.modules[module.__name__] = self._prepare(module, sources[module.__name__], assigned)
        if any(self.modules.get(m.__name__) for m in fresh):
            self._find_functions({self._file(m): self.modules[m.__name__] for m in fresh})
        self.active = [known for m in wanted if (known := self.modules.get(m.__name__)) is not None]
        self.take(functions.values())
        own_files({self._file(known.module) for known in self.active})
        return [known.module for known in self.active]

    def take(self, functions: Iterable[types.FunctionType]) -> None:
        """Functions that were made after their module had been instrumented, and are kept where no tool leads to at once."""
        by_file = {self._file(known.module): known for known in self.active}
        for function in functions:
            known = by_file.get(function.__code__.co_filename)
            if known is not None:
                known.take(function)

    def _stale(self, module: types.ModuleType) -> bool:
        known = self.modules[module.__name__]
        return known is not None and known.module is not module

    @staticmethod
    def _file(module: types.ModuleType) -> str:
        return getattr(module, "__file__", None) or ""

    def _wanted(self, module: Any, tops: set[str]) -> bool:
        if not isinstance(module, types.ModuleType) or module.__name__.startswith("pytest_toolaudit"):
            return False
        file = getattr(module, "__file__", None)
        if module.__name__.partition(".")[0] in tops and file and file.endswith(".py"):
            return True
        return is_own_file(file)

    def _closure(self, start: dict[str, types.ModuleType], tops: set[str]) -> list[types.ModuleType]:
        found: dict[str, types.ModuleType] = {}
        todo = [m for m in start.values() if self._wanted(m, tops)]
        while todo:
            module = todo.pop()
            if module.__name__ in found:
                continue
            found[module.__name__] = module
            for value in list(vars(module).values()):
                if isinstance(value, types.ModuleType):
                    neighbour: Any = value
                else:
                    neighbour = sys.modules.get(getattr(value, "__module__", None) or "")
                if neighbour is not None and self._wanted(neighbour, tops):
                    todo.append(neighbour)
        return [found[name] for name in sorted(found)]

    def _prepare(self, module: types.ModuleType, source: str, assigned: set[str]) -> Instrumented | None:
        file = self._file(module)
        if not source:
            self.skipped[module.__name__] = "its source cannot be read"
            return None
        try:
            rebound = assigned.intersection(vars(module))
            code = instrumented(source, file, vars(module), HOOKS, _is_own_module, rebound, assigned)
        except (SyntaxError, ValueError, RecursionError) as error:
            self.skipped[module.__name__] = str(error)
            return None
        return Instrumented(module, _nested(code))

    def _find_functions(self, by_file: dict[str, Instrumented | None]) -> None:
        kind = types.FunctionType
        functions = [thing for thing in gc.get_objects() if type(thing) is kind]  # the one pass over the whole heap
        for function in functions:
            known = by_file.get(function.__code__.co_filename)
            if known is not None:
                known.take(function)

    def on(self) -> None:
        """Instrumented code runs in the modules included last."""
        for known in self.active:
            known.on()

    def off(self) -> None:
        """Everything runs its original code again."""
        for known in self.active:
            known.off()


def _is_own_module(module: types.ModuleType) -> bool:
    return is_own_file(getattr(module, "__file__", None))


def _assigned(source: str) -> set[str]:
    try:
        return assigned_attributes(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return set()


def late_modules(before: set[str]) -> list[str]:
    """Modules of the project that were imported since ``before`` was taken, parents first."""
    new = [name for name in list(sys.modules) if name not in before]
    return sorted(name for name in new if is_own_file(getattr(sys.modules.get(name), "__file__", None)))


def import_anew(names: Iterable[str]) -> None:
    """Imports modules again that a call imported and already used: their first state is the one to start from."""
    old = {name: sys.modules.pop(name) for name in names}
    try:
        for name in old:
            importlib.import_module(name)
    except Exception:
        sys.modules.update(old)


def _home(thing: Any) -> str:
    """The module in which a tool's own function is written; empty for objects."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    thing = getattr(thing, "__func__", thing)
    while hasattr(thing, "__wrapped__"):
        thing = thing.__wrapped__
    return thing.__module__ or "" if isinstance(thing, types.FunctionType) else ""


def reach(thing: Any, functions: dict[int, types.FunctionType], depth: int = _ROOT_DEPTH) -> set[str]:
    """The modules behind a function or object, through closures, wrappers, methods and classes; fills ``functions``."""
    modules: set[str] = set()
    todo: list[tuple[Any, int]] = [(thing, depth)]
    seen: set[int] = set()
    while todo:
        value, left = todo.pop()
        if id(value) in seen or left < 0:
            continue
        seen.add(id(value))
        if isinstance(value, types.ModuleType):
            if value is thing:
                modules.add(value.__name__)
        elif isinstance(value, types.FunctionType):
            functions[id(value)] = value
            modules.add(value.__module__ or "")
            for cell in value.__closure__ or ():
                try:
                    todo.append((cell.cell_contents, left))
                except ValueError:  # not yet assigned
                    continue
            todo.append((getattr(value, "__wrapped__", None), left))
        elif isinstance(value, types.MethodType):
            todo += [(value.__func__, left), (value.__self__, left)]
        elif isinstance(value, functools.partial):
            todo += [(value.func, left), *((a, left - 1) for a in value.args)]
        elif isinstance(value, type):
            modules.add(value.__module__)
            for member in list(vars(value).values()):
                inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
                if isinstance(inner, types.FunctionType):
                    todo.append((inner, left))
            todo += [(base, left) for base in value.__bases__ if base is not object]
        elif isinstance(value, (list, tuple, set)):
            todo += [(member, left - 1) for member in list(value)[:50]]
        elif isinstance(value, dict):
            todo += [(member, left - 1) for member in list(value.values())[:50]]
        elif value is not None and not isinstance(value, (str, bytes, int, float, types.ModuleType)):
            todo.append((type(value), left))
            todo += [(member, left - 1) for member in list(getattr(value, "__dict__", {}).values())[:50]]
    return modules - {""}


INSTRUMENTATION = Instrumentation()
