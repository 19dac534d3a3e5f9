"""What a callee's reads and parameters stand for in its caller, worked out once for all effects of a call that depend on the same."""

from __future__ import annotations

from toolaudit.effects.context import Bindings, marks_of
from toolaudit.effects.values import CLEAN, Taint, bounded, one_of

_UNKNOWN = (-1, CLEAN)
_EVER = 1 << 30


class _Stands(dict[int | str, Taint]):
    """What each item of a taint stands for, as soon as that is placed: a mark on a read waits for the read."""

    __slots__ = ("bindings", "ids", "is_complete")

    def __init__(self, ids: list[Taint], bindings: Bindings) -> None:
        self.ids = ids
        self.bindings = bindings
        self.is_complete = True

    def __missing__(self, item: int | str) -> Taint:
        ids = self.ids
        if isinstance(item, int):
            if item >= len(ids):
                self.is_complete = False
                return CLEAN
            found = ids[item]
        else:
            stands = self.bindings.stands(item)
            if not isinstance(stands, frozenset):
                if stands[1] >= len(ids):
                    return CLEAN
                stands = marks_of(stands[0], ids[stands[1]])
            found = stands
        self[item] = found
        return found


class Terms:
    """A callee's taints in the caller's terms. `ids` are what its reads stand for, as far as they are placed: it grows while this is asked."""

    __slots__ = ("_ids", "_known", "_settled", "_stands", "bindings")

    def __init__(self, ids: list[Taint], bindings: Bindings) -> None:
        self._ids = ids
        self.bindings = bindings
        self._stands = _Stands(ids, bindings)
        self._known: dict[Taint, tuple[int, Taint]] = {}
        self._settled: dict[Taint, Taint] = {}

    def mapped(self, taint: Taint) -> Taint:
        """What a taint stands for, as far as that is placed."""
        if not taint:
            return CLEAN
        size, found = self._known.get(taint, _UNKNOWN)
        if size < len(self._ids):  # what a read to come stands for was not known then
            self._stands.is_complete = True
            found = self._replaced(taint)
            self._known[taint] = _EVER if self._stands.is_complete else len(self._ids), found
        return found

    def settled(self, taint: Taint) -> Taint:
        """What a taint stands for when all is placed."""
        if not taint:
            return CLEAN
        found = self._settled.get(taint)
        if found is None:
            found = self._settled[taint] = self._replaced(taint)
        return found

    def _replaced(self, taint: Taint) -> Taint:
        return one_of(bounded(CLEAN.union(*set(map(self._stands.__getitem__, taint)))))  # many stand for the same
