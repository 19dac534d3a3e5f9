"""The conflicts of a document by their numbers, each made when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from toolaudit_reports.scan_v1 import Conflict, Step


class Clashes(Protocol):
    """The conflicts of a document, as much of each as is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> Conflict: ...
    def code(self, number: int, /) -> str: ...
    def fingerprint(self, number: int, /) -> str: ...
    def tools(self, number: int, /) -> tuple[str, str]: ...
    def evidence(self, number: int, /) -> tuple[tuple[Step, ...], ...]: ...
    def place(self, number: int, /) -> tuple[str, int]:
        """Where it is told: file and line."""
        ...

    def earliest(self, numbers: Sequence[int]) -> Sequence[int]:
        """Of some, in order, those that are told first by their place and their tools."""
        ...

    def tools_of(self, numbers: Iterable[int]) -> list[tuple[str, str]]:
        """The tools of each of some."""
        ...

    def members(self, numbers: Iterable[int]) -> set[str]:
        """The tools of some."""
        ...

    def between(self, said: Collection[tuple[str, tuple[str, str]]]) -> Iterable[int]:
        """Those with such codes and tools."""
        ...

    def alike(self) -> Iterable[Sequence[int]]:
        """Those that differ in nothing that a story looks at but tools and place, in their order."""
        ...


def fingerprint(conflict: Conflict) -> str:
    """For documents of other writers: code, tools and resource, no line."""
    if conflict.fingerprint:
        return conflict.fingerprint
    parts = (conflict.code, *conflict.tools, conflict.resource.kind, conflict.resource.scope, conflict.resource.key)
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:16]


def place(tools: tuple[str, str], evidence: tuple[tuple[Step, ...], ...]) -> tuple[str, int]:
    """Where a conflict is told: file and line."""
    first = leading_step(evidence)
    return (first.file, first.line) if first else (tools[0].partition("::")[0], 0)


def leading_step(evidence: tuple[tuple[Step, ...], ...]) -> Step | None:
    """The write that does the harm, else the last access, else the first line that there is."""
    first = accessed = None
    for chain in evidence:
        for step in chain:
            if step.access in ("w", "rmw"):
                return step
            first = first or step
            accessed = accessed or (step if step.access else None)
    return accessed or first


class Listed:
    """The conflicts of a document that is there."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self._conflicts = conflicts

    def __len__(self) -> int:
        return len(self._conflicts)

    def __getitem__(self, number: int, /) -> Conflict:
        return self._conflicts[number]

    def code(self, number: int, /) -> str:
        return self._conflicts[number].code

    def fingerprint(self, number: int, /) -> str:
        return fingerprint(self._conflicts[number])

    def tools(self, number: int, /) -> tuple[str, str]:
        return self._conflicts[number].tools

    def evidence(self, number: int, /) -> tuple[tuple[Step, ...], ...]:
        return self._conflicts[number].evidence

    def place(self, number: int, /) -> tuple[str, int]:
        return place(self.tools(number), self.evidence(number))

    def earliest(self, numbers: Sequence[int]) -> list[int]:
        places = [(*self.place(number), self.tools(number)) for number in numbers]
        least = min(places)
        return [number for number, place in zip(numbers, places, strict=True) if place == least]

    def tools_of(self, numbers: Iterable[int]) -> list[tuple[str, str]]:
        return [self.tools(number) for number in numbers]

    def members(self, numbers: Iterable[int]) -> set[str]:
        return {tool for number in numbers for tool in self.tools(number)}

    def between(self, said: Collection[tuple[str, tuple[str, str]]]) -> list[int]:
        return [number for number in range(len(self)) if (self.code(number), self.tools(number)) in said]

    def alike(self) -> Iterable[Sequence[int]]:
        found: dict[tuple[object, ...], list[int]] = {}
        for number, c in enumerate(self._conflicts):
            state = c.suppressed, c.suppression, c.new
            same = c.code, c.kind, c.resource, c.severity, c.confidence, c.latent, c.when == "always", *state
            found.setdefault(same, []).append(number)
        return found.values()
