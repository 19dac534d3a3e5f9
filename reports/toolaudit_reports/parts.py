"""Entries that differ in their tools, their places and what is said of them alone are told of together. Of tens of thousands a text shows some
dozens: nobody makes the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from toolaudit_reports import findings
from toolaudit_reports.clashes import Clashes
from toolaudit_reports.document import Confidence, Finding, Resource, ScanDocument, Severity
from toolaudit_reports.findings import Entry, Status
from toolaudit_reports.labels import labels
from toolaudit_reports.proofs import Proof


class Like(msgspec.Struct, frozen=True):
    """What the entries of a part have in common. `proof`: what runs say of them; empty where none does."""

    code: str
    severity: Severity
    confidence: Confidence
    status: Status
    pair: bool
    latent: bool
    order: bool
    always: bool
    resource: Resource | None
    proof: str = ""


class Part(Protocol):
    """Entries that are alike."""

    @property
    def like(self) -> Like: ...
    @property
    def size(self) -> int: ...
    @property
    def lead(self) -> Entry:
        """The first of them, as `collect` sorts them."""
        ...

    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def tools(self) -> Collection[tuple[str, ...]]:
        """The tools of each entry."""
        ...

    @property
    def names(self) -> Collection[tuple[str, ...]]:
        """The same in output."""
        ...

    @property
    def members(self) -> Collection[str]:
        """The tools of all entries."""
        ...

    @property
    def called(self) -> Collection[str]:
        """The same in output."""
        ...


class _Made:
    """A part of entries that are there."""

    def __init__(self, like: Like, entries: list[Entry]) -> None:
        self.like = like
        self.entries = entries

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def lead(self) -> Entry:
        return self.entries[0]

    @property
    def tools(self) -> list[tuple[str, ...]]:
        return [entry.tools for entry in self.entries]

    @property
    def names(self) -> list[tuple[str, ...]]:
        return [entry.names for entry in self.entries]

    @property
    def members(self) -> set[str]:
        return {tool for entry in self.entries for tool in entry.tools}

    @property
    def called(self) -> set[str]:
        return {name for entry in self.entries for name in entry.names}


class _Asked:
    """A part of conflicts that are not made yet."""

    def __init__(self, numbers: Sequence[int], clashes: Clashes, names: dict[str, str], rules: dict[str, str]) -> None:
        self._numbers = numbers
        self._clashes = clashes
        self._names = names
        self._rules = rules
        self.size = len(numbers)

    @property
    def tools(self) -> list[tuple[str, str]]:
        return self._clashes.tools_of(self._numbers)

    @property
    def members(self) -> set[str]:
        return self._members

    @property
    def called(self) -> set[str]:
        return {self._names[tool] for tool in self.members}

    @property
    def like(self) -> Like:
        return self._like

    @property
    def lead(self) -> Entry:
        return self._lead

    @property
    def entries(self) -> list[Entry]:
        return sorted(map(self._entry, self._numbers), key=findings.order)

    @cached_property
    def _members(self) -> set[str]:
        return self._clashes.members(self._numbers)

    @cached_property
    def _like(self) -> Like:
        return like(self._entry(self._numbers[0]))

    @cached_property
    def _lead(self) -> Entry:
        return min(map(self._entry, self._clashes.earliest(self._numbers)), key=findings.order)

    @property
    def names(self) -> list[tuple[str, ...]]:
        return [(self._names[one], self._names[other]) for one, other in self.tools]

    def _entry(self, number: int) -> Entry:
        return findings.from_conflict(self._clashes[number], self._names, self._rules)


def like(entry: Entry, proof: str = "") -> Like:
    """As much of an entry as a story looks at, beside its tools and its place."""
    always = entry.when == "always"
    return Like(
        entry.code, entry.severity, entry.confidence, entry.status, entry.pair, entry.latent, entry.order, always, entry.resource, proof
    )


def of_entries(entries: Iterable[Entry], proofs: Mapping[str, Proof]) -> tuple[Part, ...]:
    """The parts of all entries of a document, as `collect` sorts them, in the order of their leads."""
    alike: dict[object, tuple[Like, list[Entry]]] = {}
    for number, entry in enumerate(entries):
        proof = proofs.get(entry.fingerprint)
        told = like(entry, proof.state if proof else "")
        alike.setdefault(told if entry.pair else number, (told, []))[1].append(entry)
    return tuple(_Made(*one) for one in alike.values())


def of_clashes(document: ScanDocument, clashes: Clashes, single: Iterable[Finding]) -> tuple[Part, ...]:
    """The same of conflicts that are not made, and of the findings that repeat none of them."""
    names, rules = labels(document.tools), {rule.code: rule.name for rule in document.rules}
    parts: list[Part] = []
    parts.extend(_Asked(numbers, clashes, names, rules) for numbers in clashes.alike())
    parts.extend(_Made(like(entry), [entry]) for entry in (findings.from_finding(one, names, rules) for one in single))
    return tuple(sorted(parts, key=lambda part: findings.order(part.lead)))


Kind = tuple[str, Status, Severity, str]
"""Code, status, severity and proof."""


def kinds(parts: Iterable[Part]) -> Counter[Kind]:
    """How many entries of each kind there are."""
    found: Counter[Kind] = Counter()
    for part in parts:
        found[part.like.code, part.like.status, part.like.severity, part.like.proof] += part.size
    return found


def pairs(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts of conflicts."""
    return (part for part in parts if part.like.pair)
