"""A schedule as one line of text that survives edits: places are named by function, resource and ordinal.

add_note#0 add_note#1 | add_note#0@add_note:2(file:notes.json) -> add_note#1
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_toolaudit.search.named import Entry

_ENTRY = re.compile(r"(?P<call>.+?#\d+)@(?P<function>[^:]*):(?P<nth>\d+)\((?P<resource>.*)\) -> (?P<target>\S+#\d+)")


class BadSchedule(ValueError):  # noqa: N818 - the name tests and messages use
    """The text is no schedule, or not one of this batch."""


def labels(names: Sequence[str], indices: Sequence[int] = ()) -> list[str]:
    """``name#index`` for each call; ``indices`` are those of the whole batch where only a part of it runs."""
    return [f"{name.replace(' ', '_')}#{i}" for i, name in zip(indices or range(len(names)), names, strict=True)]


def mentioned(text: str, names: Sequence[str]) -> list[int]:
    """The calls of the batch that a schedule runs, in the order of the batch. Raises BadSchedule for unknown ones."""
    label = {shown: i for i, shown in enumerate(labels(names))}
    return sorted({_call(word, label) for word in text.strip().partition(" | ")[0].split()})


def write(order: Sequence[int], entries: Sequence[Entry], label: Sequence[str]) -> str:
    """The text of a schedule."""
    text = " ".join(label[call] for call in order)
    shown = [f"{label[e.call]}@{e.function}:{e.nth}({_escape(e.resource)}) -> {label[e.target]}" for e in entries]
    return f"{text} | {'; '.join(shown)}" if shown else text


def read(text: str, names: Sequence[str]) -> tuple[tuple[int, ...], tuple[Entry, ...]]:
    """The order and the preemptions; ``names``: the calls' labels. Raises BadSchedule with the entry that is wrong."""
    label = {shown: i for i, shown in enumerate(names)}
    head, _, tail = text.strip().partition(" | ")
    order = tuple(_call(word, label) for word in head.split())
    if len(set(order)) < len(order) or not order:
        raise BadSchedule(f"the schedule starts {head!r}, but the batch has the calls {', '.join(label)}")
    order += tuple(call for call in range(len(names)) if call not in order)  # a witness may need fewer calls
    entries = []
    for part in tail.split("; ") if tail else []:
        match = _ENTRY.fullmatch(part.strip())
        if match is None:
            raise BadSchedule(f"cannot read {part!r}: expected call#index@function:nth(resource) -> call#index")
        entries.append(
            Entry(
                _call(match["call"], label), match["function"], int(match["nth"]), _unescape(match["resource"]),
                _call(match["target"], label),
            )
        )  # fmt: skip
    return order, tuple(entries)


def _call(word: str, label: dict[str, int]) -> int:
    if word not in label:
        raise BadSchedule(f"the schedule names {word}, but the batch has the calls {', '.join(label)}")
    return label[word]


def _escape(resource: str) -> str:
    return resource.replace("%", "%25").replace(";", "%3B").replace("\n", "%0A").replace("|", "%7C")


def _unescape(resource: str) -> str:
    return resource.replace("%7C", "|").replace("%0A", "\n").replace("%3B", ";").replace("%25", "%")
