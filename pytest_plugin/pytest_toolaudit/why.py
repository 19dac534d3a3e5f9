"""Why an order matters: which call needed what another one does, and by which of the three names that goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.explorer import Explorer
from pytest_toolaudit.oracle.serial import Order, SerialRun
from pytest_toolaudit.search.conflicts import Part, part

_ERROR_WORDS = ("error", "not found", "no such", "missing", "unknown", "invalid", "denied", "not logged", "fail")


def order_failure(explorer: Explorer, given: Order) -> str | None:
    """``timing dependency``: in another order a call fails. ``context dependency``: it falls back or reads nothing.

    None when the orders merely differ, as they do for two appends.
    """
    serial = explorer.serial
    first = serial.done.get(given)
    if first is None or first.blocked:
        return None
    names = explorer.names
    verdicts = [
        None if _swapped(names, first, known) else _compare(first, known)
        for order, known in sorted(serial.done.items())
        if order != given and not known.blocked
    ]
    if "timing dependency" in verdicts:
        return "timing dependency"
    return "context dependency" if "context dependency" in verdicts else None


def _swapped(names: Sequence[str], given: SerialRun, other: SerialRun) -> bool:
    """Equal tools share the same results among them: who of them is first matters to nobody."""

    def by_tool(run: SerialRun) -> list[str]:
        return sorted(f"{name} {result!r}" for name, result in zip(names, run.outcome.results, strict=True))

    return by_tool(given) == by_tool(other)


def _compare(given: SerialRun, other: SerialRun) -> str | None:
    found = None
    for before, after in zip(given.outcome.results, other.outcome.results, strict=True):
        if before == after:
            continue
        if _failed(after) != _failed(before):
            return "timing dependency"
        if _empty(after) and not _empty(before):
            found = "context dependency"
        elif _kind(before) != _kind(after):
            found = found or "context dependency"
    if found is None and (_reads_another(given, other) or _picks_up(given, other)):
        found = "context dependency"
    return found


def _failed(result: tuple[str, Any]) -> bool:
    how, value = result
    if how != "returned":
        return True
    if isinstance(value, tuple) and value and value[0] == "dict":
        return any(isinstance(pair, tuple) and pair[0] in ("error", "errors") and pair[1] for pair in value[1:])
    return isinstance(value, str) and any(word in value.lower() for word in _ERROR_WORDS)


def _empty(result: tuple[str, Any]) -> bool:
    value = result[1]
    return value is None or value in ("", False, 0) or (isinstance(value, tuple) and len(value) <= 1)


def _kind(result: tuple[str, Any]) -> object:
    value = result[1]
    return value[0] if isinstance(value, tuple) and value else type(value)


def _reads_another(given: SerialRun, other: SerialRun) -> bool:
    """One call's result differs, no other call's does, and the state ends the same: a reader."""
    differing = sum(a != b for a, b in zip(given.outcome.results, other.outcome.results, strict=True))
    return differing == 1 and given.outcome.state == other.outcome.state


def _picks_up(given: SerialRun, other: SerialRun) -> bool:
    """The only call whose result differs reads, and never writes, what another call puts there without looking."""
    differing = [call for call, (a, b) in enumerate(zip(given.outcome.results, other.outcome.results, strict=True)) if a != b]
    if len(differing) != 1:
        return False
    kinds: dict[Part, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for call, site, obj, key in given.trace:
        touched = part(obj, key, site)
        if touched is not None and site.kind in (READ, WRITE):
            kinds[touched][call].add(site.kind)
    reader = differing[0]
    return any(mine.get(reader) == {READ} and any(how == {WRITE} for how in mine.values()) for mine in kinds.values())
