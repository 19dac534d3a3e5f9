"""Every patch with its undo. Nothing of ours is active while no batch runs."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Container, Iterable
from functools import partial, wraps
from types import CellType, FunctionType, ModuleType
from typing import Any, NamedTuple

_MISSING = object()
_OURS = __name__.partition(".")[0]


_signal, _getsignal = signal.signal, signal.getsignal  # not the ones that a batch sees


def uninterrupted(function: Callable[..., None]) -> Callable[..., None]:
    """A Ctrl-C that comes meanwhile waits until the function is through: what it puts back is put back whole."""

    @wraps(function)
    def whole(*args: Any) -> None:
        before = _getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            return function(*args)
        came: list[tuple[Any, ...]] = []
        _signal(signal.SIGINT, lambda *what: came.append(what))
        try:
            function(*args)
        finally:
            _signal(signal.SIGINT, before)
            if came:
                before(*came[0])
        return None

    return whole


class Held(NamedTuple):
    """Where a module holds functions that are replaced: by which of its names, and in which closures of its functions; by its size then."""

    module: ModuleType
    size: int
    names: tuple[str, ...]
    cells: tuple[CellType, ...]


_HELD: dict[str, Held] = {}  # modules seldom change, and there are many
_SOUGHT: set[int] = set()


class Patches:
    """A stack of changes to foreign objects, undone in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[str, Callable[[], object]]] = []
        self._values: dict[int, tuple[Any, Any]] = {}
        self._own: set[int] = set()
        self.named: dict[int, set[Any]] = {}  # by the identity of a module's namespace, or another holder: what was replaced in it

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replaces the attribute ``name`` of ``owner``."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, value)
        if isinstance(owner, ModuleType):
            self.named.setdefault(id(vars(owner)), set()).add(name)
        if before is _MISSING:
            self._undo.append((f"{owner!r}.{name}", lambda: delattr(owner, name)))
        else:
            self._undo.append((f"{owner!r}.{name}", lambda: setattr(owner, name, before)))

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any], also: Iterable[ModuleType] = ()) -> None:
        """Replaces ``owner.name`` by ``make(original)``, also where one of the modules has imported it by name; see `follow`."""
        original = getattr(owner, name, _MISSING)
        if original is _MISSING:
            return
        value = make(original)
        self.set(owner, name, value)
        modules = list(also)
        if modules and not isinstance(original, type):
            self.follows(original, value)
            if original.__module__ == "time":  # an installed event loop that measures how long it waits waits for real
                self._own.add(id(original))
        for module in modules:
            if vars(module).get(name) is original:
                self.set(module, name, value)

    def follows(self, original: Any, value: Any) -> None:
        """``follow`` is to replace this function too."""
        self._values.setdefault(id(original), (original, value))

    @property
    def sought(self) -> Container[int]:
        """The identities of the functions that `replace` replaces."""
        return self._values

    def follow(self, own: Iterable[ModuleType]) -> None:
        """Replaces functions where a module outside the standard library holds them by whatever name, as ``sync_open = open`` does;
        clocks only in these modules."""
        tools = set(map(id, own))
        if not _SOUGHT.issuperset(self._values):
            _SOUGHT.update(self._values)
            _HELD.clear()
        for module in list(sys.modules.values()):
            if not isinstance(module, ModuleType) or _is_library(module.__name__):
                continue
            held = _HELD.get(module.__name__)
            if held is None or held.module is not module or held.size != len(vars(module)):
                held = _HELD[module.__name__] = self._held(module)
            for name in held.names:
                original, value = self._values.get(id(vars(module).get(name)), (_MISSING, None))
                if original is not _MISSING and (id(original) not in self._own or id(module) in tools):
                    self.set(module, name, value)
            for cell in held.cells:
                self.replace(cell, None, _content(cell), partial(setattr, cell, "cell_contents"), theirs=id(module) in tools)

    def replace(self, holder: Any, key: Any, value: Any, put: Callable[[Any], object], theirs: bool) -> None:
        """Where a holder keeps a function that is replaced: ``put`` sets what it keeps. ``theirs``: clocks are replaced as well."""
        original, new = self._values.get(id(value), (_MISSING, None))
        if original is not value or (id(original) in self._own and not theirs):
            return
        try:
            put(new)
        except (AttributeError, TypeError):  # an object of C, or one that does not change
            return
        self.named.setdefault(id(holder), set()).add(key)
        self._undo.append((f"what a {type(holder).__name__} keeps", lambda: put(original)))

    def _held(self, module: ModuleType) -> Held:
        space = list(vars(module).items())
        functions = (one for _, one in space if isinstance(one, FunctionType) and one.__closure__)
        theirs = (
            one for one in functions if not _is_library(str(one.__globals__.get("__name__")))
        )  # a patch keeps the original in its own
        cells = (cell for one in theirs for cell in one.__closure__ or ())
        sought = _SOUGHT
        return Held(
            module, len(space), tuple(n for n, one in space if id(one) in sought), tuple(c for c in cells if id(_content(c)) in sought)
        )

    def everywhere(self, name: str, original: Any, value: Any) -> None:
        """Replaces ``original`` in every loaded module that holds it under ``name``."""
        for module in list(sys.modules.values()):
            if isinstance(module, ModuleType) and module.__dict__.get(name) is original:
                self.set(module, name, value)

    def later(self, label: str, undo: Callable[[], object]) -> None:
        """Registers an undo for a change made elsewhere."""
        self._undo.append((label, undo))

    def undo(self) -> None:
        """Puts everything back; one failure does not keep the others from it."""
        failures = []
        while self._undo:
            label, action = self._undo.pop()
            try:
                action()
            except Exception as error:
                failures.append(f"{label}: {error}")
        if failures:
            raise RuntimeError("toolaudit could not undo: " + "; ".join(failures))


def _is_library(name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or top == _OURS


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING
