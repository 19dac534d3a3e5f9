"""The conflicts of a scan in numbers: of a hundred thousand most is said alike, and a conflict as a value is made when somebody asks for it.

A conflict is what is said of it, and its two sides; each stands once in a table.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.model import Access, Confidence, Conflict, Failure, Resource, Runner, Severity, Tool

if TYPE_CHECKING:
    Column: TypeAlias = array[int]
else:  # the class takes no argument before 3.12
    Column = array

ONE, OTHER = "\ue010", "\ue011"
"""Stand in a message for the names of the tools."""


class Said(Struct, frozen=True, array_like=True, cache_hash=True):
    """What thousands of conflicts have in common."""

    kind: Literal["race", "order"]
    code: str
    when: str
    failure: Failure
    runners: tuple[Runner, ...]
    latent: bool
    severity: Severity
    confidence: Confidence
    message: str


class Side(NamedTuple):
    """What one tool, known by its position, has to do with a conflict. `resource`: what the conflict is about, where the tool is the first."""

    tool: int
    accesses: tuple[Access, ...]
    resource: Resource


class Group(NamedTuple):
    """Conflicts of which the same is said, on one resource, by their numbers."""

    said: Said
    resource: Resource
    numbers: list[int]


class Story(NamedTuple):
    """Conflicts with one code that share a resource and hang together: the number of the one that leads, how many they are, and the ids of
    their tools."""

    lead: int
    size: int
    tools: tuple[str, ...]


Rows = tuple[Column, Column, Column]


def numbers(values: Iterable[int] = ()) -> Column:
    """A column."""
    return array("I", values)


class Conflicts:
    """Conflicts, sorted by their tools."""

    def __init__(
        self,
        tools: Sequence[Tool] = (),
        said: Sequence[Said] = (),
        sides: Sequence[Side] = (),
        rows: Rows | None = None,
    ) -> None:
        """`rows`: of each conflict what is said, the first tool's side and the second's."""
        self.catalogue = tools
        self.table = said
        self.sides = sides
        self.which, self.first, self.second = rows or (numbers(), numbers(), numbers())
        self.tool = [side.tool for side in sides]
        """The tool of each side."""
        self.ids = [tool.id for tool in tools]

    def __len__(self) -> int:
        return len(self.which)

    def __iter__(self) -> Iterator[Conflict]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conflicts) and len(self) == len(other) and all(map(Conflict.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, number: int) -> Conflict:
        said, first, second = self.table[self.which[number]], self.sides[self.first[number]], self.sides[self.second[number]]
        return Conflict(
            self.tools(number),
            said.kind,
            said.code,
            first.resource,
            said.when,
            said.failure,
            said.runners,
            said.latent,
            said.severity,
            said.confidence,
            self.message(number),
            (first.accesses, second.accesses),
        )

    def said(self, number: int) -> Said:
        """All but the tools, the places and the names in the message."""
        return self.table[self.which[number]]

    def tools(self, number: int) -> tuple[str, str]:
        one, other = self.pair(number)
        return self.ids[one], self.ids[other]

    def pair(self, number: int) -> tuple[int, int]:
        """The same by position."""
        return self.tool[self.first[number]], self.tool[self.second[number]]

    def resource(self, number: int) -> Resource:
        return self.sides[self.first[number]].resource

    def evidence(self, number: int) -> tuple[tuple[Access, ...], tuple[Access, ...]]:
        """The accesses of the first and of the second tool."""
        return self.sides[self.first[number]].accesses, self.sides[self.second[number]].accesses

    def message(self, number: int) -> str:
        """With the names of the tools."""
        one, other = self.pair(number)
        said, (first, second) = self.said(number).message, (self.catalogue[one].name, self.catalogue[other].name)
        return second.join([first.join(part.split(ONE)) for part in said.split(OTHER)])

    def ends(self) -> tuple[Iterable[int], Iterable[int]]:
        """The first tools and the second ones, by position."""
        return map(self.tool.__getitem__, self.first), map(self.tool.__getitem__, self.second)

    def pairs(self, wanted: Callable[[Said], bool] = lambda said: True) -> set[tuple[str, str]]:
        """The tools of the conflicts of which something is said."""
        chosen = [wanted(said) for said in self.table]
        some = {(one, other) for which, one, other in zip(self.which, *self.ends(), strict=True) if chosen[which]}
        return {(self.catalogue[one].id, self.catalogue[other].id) for one, other in some}

    def chosen(self, wanted: Callable[[Said], bool]) -> Iterator[int]:
        """The numbers of the conflicts of which something is said."""
        marks = [wanted(said) for said in self.table]
        return itertools.compress(range(len(self)), map(marks.__getitem__, self.which))

    def tools_of(self, some: Iterable[int]) -> list[tuple[str, str]]:
        """The tools of each of some conflicts."""
        ids, tool, first, second = self.ids, self.tool, self.first, self.second
        return [(ids[tool[first[number]]], ids[tool[second[number]]]) for number in some]

    def members(self, some: Iterable[int]) -> set[str]:
        """The tools of some conflicts."""
        sides = {side for number in some for side in (self.first[number], self.second[number])}
        return {self.catalogue[tool].id for tool in {self.tool[side] for side in sides}}

    def between(self, said: Collection[tuple[str, tuple[str, str]]]) -> Iterator[int]:
        """The numbers of the conflicts with such codes and tools."""
        position = {tool.id: i for i, tool in enumerate(self.catalogue)}
        wanted = {(code, position.get(one), position.get(other)) for code, (one, other) in said}
        codes = [one.code for one in self.table]
        for number, (which, one, other) in enumerate(zip(self.which, *self.ends(), strict=True)):
            if (codes[which], one, other) in wanted:
                yield number

    def codes(self) -> set[str]:
        return {self.table[which].code for which in set(self.which)}

    def chains(self) -> Iterator[tuple[Access, ...]]:
        """The accesses of every side once."""
        return (self.sides[side].accesses for side in sorted({*self.first, *self.second}))

    def is_single(self) -> bool:
        """Whether no two are between the same tools."""
        return not any(one == other for one, other in itertools.pairwise(zip(*self.ends(), strict=True)))

    def grouped(self, told: Callable[[Said], Hashable]) -> list[Group]:
        """Those together of which `told` gives the same, on one resource: in the order of the first of each."""
        kinds: dict[Hashable, int] = {}
        of = [kinds.setdefault(told(said), len(kinds)) for said in self.table]
        resources: dict[Resource, int] = {}
        where = [resources.setdefault(side.resource, len(resources)) for side in self.sides]
        width = len(resources)
        found: dict[int, list[int]] = {}
        for number, (which, first) in enumerate(zip(self.which, self.first, strict=True)):
            key = of[which] * width + where[first]
            if key in found:
                found[key].append(number)
            else:
                found[key] = [number]
        return [Group(self.said(some[0]), self.resource(some[0]), some) for some in found.values()]

    def retold(self, severity: Callable[[str, Severity], Severity | None]) -> Conflicts:
        """The same with other severities; without those that have none."""
        now = [severity(said.code, said.severity) for said in self.table]
        if all(new == said.severity for new, said in zip(now, self.table, strict=True)):
            return self
        left = [now[which] is not None for which in self.which]
        rows = numbers(itertools.compress(self.which, left)), *(numbers(itertools.compress(one, left)) for one in (self.first, self.second))
        said = [replace(said, severity=new) if new else said for new, said in zip(now, self.table, strict=True)]
        return Conflicts(self.catalogue, said, self.sides, (rows[0], rows[1], rows[2]))
