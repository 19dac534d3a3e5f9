"""Outcomes, and what of them may be compared: what differs between two equal runs is left out, and said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pytest_toolaudit.oracle.content import ARCHIVE
from pytest_toolaudit.oracle.freeze import thaw

_TIMES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|\b1\d{9}(?:\.\d+|\d{3}|\d{6}|\d{9})?\b|\bD:\d{14}"
)
_IDS = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\b[0-9a-fA-F]{32}\b|0x[0-9a-fA-F]+")
_NUMBERS = re.compile(r"\d+")
_SHOWN = 200
Path = tuple[str, ...]


class Outcome(NamedTuple):
    """Each call's result (what happened, value) and the final state by resource, frozen."""

    results: tuple[tuple[str, Any], ...]
    state: tuple[tuple[str, Any], ...] = ()

    def fields(self, names: Iterable[str]) -> list[tuple[str, Any]]:
        """Everything that is compared, each with the name that a report shows."""
        shown = [(name, result) for name, result in zip(names, self.results, strict=True)]
        return [*shown, *self.state]


def show_result(result: tuple[str, Any]) -> str:
    """``-> 3``, ``raised KeyError: 'a'``, ``did not finish (deadlock)``"""
    how, value = result
    if how == "returned":
        return f"-> {thaw(value)}"
    if how == "raised" and isinstance(value, tuple) and len(value) == 2:
        return f"raised {value[0]}: {value[1]}" if value[1] else f"raised {value[0]}"
    return f"{how} ({value})"


def without_times(text: str | bytes) -> str:
    """A text with its times made alike: how late it is depends on who ran before."""
    return _TIMES.sub("?", text.decode("latin-1") if isinstance(text, bytes) else text)


def _loosely(text: str | bytes) -> str:
    return without_times(_IDS.sub("?", text.decode("latin-1") if isinstance(text, bytes) else text))


def differences(a: Any, b: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The places at which two frozen values differ."""
    if a == b:
        return
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b) and a:
        for i, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from differences(left, right, (*path, str(i)))
    else:
        yield path, a, b


class Masks:
    """Places of an outcome that are not compared, or compared without times and ids: by call and by resource."""

    def __init__(self) -> None:
        self.absent: set[str] = set()
        self.loose: set[Path] = set()
        self.dropped: set[Path] = set()

    def learn(self, a: Outcome, b: Outcome) -> bool:
        """``a`` and ``b`` come from the same schedule: where they differ nothing can be concluded. True when that is new."""
        before = len(self.loose) + len(self.dropped)
        for call, (one, other) in enumerate(zip(a.results, b.results, strict=True)):
            self._learn(differences(one, other, ("call", str(call))))
        left, right = dict(a.state), dict(b.state)
        for resource in left.keys() & right.keys():
            self._learn(differences(left[resource], right[resource], ("state", resource)))
        self.absent |= left.keys() ^ right.keys()
        self.dropped |= {("state", resource) for resource in self.absent}
        return len(self.loose) + len(self.dropped) > before

    def learn_messages(self, a: Outcome, b: Outcome) -> None:
        """The same for numbers alone in what calls raised: who was waited for, as a database says, is another process each time."""
        for call, (one, other) in enumerate(zip(a.results, b.results, strict=True)):
            if one != other and one[0] == other[0] == "raised" and _NUMBERS.sub("?", str(one[1])) == _NUMBERS.sub("?", str(other[1])):
                self._learn(differences(one, other, ("call", str(call))))

    def _learn(self, found: Iterable[tuple[Path, Any, Any]]) -> None:
        for path, left, right in found:
            if isinstance(left, str | bytes) and type(left) is type(right) and _loosely(left) == _loosely(right):
                self.loose.add(path)
            else:
                self.dropped.add(path)

    def apply(self, outcome: Outcome) -> Outcome:
        """The outcome as it is compared."""
        if not self.loose and not self.dropped:
            return outcome
        results = tuple(self._masked(result, ("call", str(call))) for call, result in enumerate(outcome.results))
        state = tuple((name, self._masked(value, ("state", name))) for name, value in outcome.state if name not in self.absent)
        return Outcome(results, state)

    def _masked(self, value: Any, path: Path) -> Any:
        if path in self.dropped:
            return "<differs from run to run>"
        if path in self.loose and isinstance(value, str | bytes):
            return _loosely(value)
        if isinstance(value, tuple):
            return tuple(self._masked(item, (*path, str(i))) for i, item in enumerate(value))
        return value

    def names(self, calls: Iterable[str]) -> list[str]:
        """The masked places by call or resource."""
        calls = list(calls)
        return sorted({f"result of {calls[int(name)]}" if of == "call" else name for of, name, *_ in self.loose | self.dropped})


def nearest(outcome: Outcome, serial: Sequence[tuple[tuple[int, ...], Outcome]]) -> list[tuple[tuple[int, ...], Outcome]]:
    """The serial outcomes, the one with the fewest differences first."""

    def distance(other: Outcome) -> int:
        mine = [*outcome.results, *outcome.state]
        return sum(a != b for a, b in zip(mine, [*other.results, *other.state], strict=False))

    return sorted(serial, key=lambda item: (distance(item[1]), item[0]))


def readable(value: Any, others: Sequence[Any] = ()) -> str:
    """A state value for a report: JSON files as their value, long text shortened to where it differs from `others`."""
    if isinstance(value, tuple) and value[:1] == (ARCHIVE,):
        return _members(value, [other for other in others if isinstance(other, tuple) and other[:1] == (ARCHIVE,)])
    text = _flat(value)
    if len(text) <= _SHOWN:
        return text
    shared = [_alike(text, other) for other in map(_flat, others) if other != text]
    start = max(0, min(shared, default=0) - _SHOWN // 3)
    cut = text[start : start + _SHOWN - 3]
    return ("..." if start else "") + cut + ("..." if start + len(cut) < len(text) else "")


def _alike(a: str, b: str) -> int:
    """How many characters they begin with alike."""
    return next((i for i, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), min(len(a), len(b)))


def _flat(value: Any) -> str:
    if not isinstance(value, str):
        return thaw(value)
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except ValueError:
        return repr(value)


def _members(archive: tuple[Any, ...], others: Sequence[tuple[Any, ...]]) -> str:
    """The members that differ from the same in other archives; all names where none does."""
    known = [dict(other[1:]) for other in others]
    parts = [(name, part, [other.get(name) for other in known]) for name, part in archive[1:]]
    differing = [f"{name}: {readable(part, there)}" for name, part, there in parts if any(other != part for other in there)]
    missing = sorted({name for other in known for name in other} - {name for name, _, _ in parts})
    shown = differing[:3] + [f"no {name}" for name in missing[:3]]
    return "; ".join(shown) if shown else f"{ARCHIVE} of {', '.join(name for name, _, _ in parts)}"[:_SHOWN]
