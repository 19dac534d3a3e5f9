"""Every patch with its undo. Nothing of ours is active while no batch runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

_MISSING = object()


class Patches:
    """A stack of changes to foreign objects, undone in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[str, Callable[[], object]]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replaces the attribute ``name`` of ``owner``."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, value)
        if before is _MISSING:
            self._undo.append((f"{owner!r}.{name}", lambda: delattr(owner, name)))
        else:
            self._undo.append((f"{owner!r}.{name}", lambda: setattr(owner, name, before)))

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any], also: Iterable[ModuleType] = ()) -> None:
        """Replaces ``owner.name`` by ``make(original)``, also where one of the modules has imported it by name."""
        original = getattr(owner, name, _MISSING)
        if original is _MISSING:
            return
        value = make(original)
        self.set(owner, name, value)
        for module in also:
            if vars(module).get(name) is original:
                self.set(module, name, value)

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
