"""The conflicts of a scan as its document shows them, each made when somebody asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import itemgetter

from toolaudit.baseline import Prints
from toolaudit.chains import Lines, Told
from toolaudit.model import Resource
from toolaudit.rules.registry import by_code
from toolaudit.verdicts.columns import Said
from toolaudit.verdicts.keys import key_text
from toolaudit.verdicts.scan_model import ScanModel
from toolaudit_reports import document as out
from toolaudit_reports.clashes import place
from toolaudit_reports.lines import Sentence, Sentences, plain

# Above this, a conflict's evidence is the accesses alone; the calls that lead to them stand with the tools.
MANY = 5_000


class Clashing:
    """The conflicts of a scan as the document shows them."""

    def __init__(self, scan: ScanModel, prints: Prints, state: Callable[[int], out.Suppression | None], lines: Lines) -> None:
        self._conflicts = scan.conflicts
        self._names = {tool.id: tool.name for tool in scan.tools}
        self._prints = prints
        self._state = state
        self._told = Told(lines, ends_only=len(scan.conflicts) > MANY)
        self._leads: set[int] = set()

    def __len__(self) -> int:
        return len(self._conflicts)

    def __getitem__(self, number: int, /) -> out.Conflict:
        conflict, state = self._conflicts[number], self._state(number)
        one, other = conflict.tools
        return out.Conflict(
            tools=conflict.tools,
            kind=conflict.kind,
            code=conflict.code,
            resource=shown(conflict.resource),
            when=conflict.when,
            failure=conflict.failure,
            runners=conflict.runners,
            latent=conflict.latent,
            severity=conflict.severity,
            confidence=conflict.confidence,
            message=plain(conflict.message),
            evidence=self.evidence(number),
            help=_help(conflict.code, conflict.kind, conflict.resource.kind),
            fingerprint=self._prints[number],
            tools_names=(self._names[one], self._names[other]),
            suppressed=state is not None,
            suppression=state,
        )

    def code(self, number: int, /) -> str:
        return self._conflicts.said(number).code

    def fingerprint(self, number: int, /) -> str:
        return self._prints[number]

    def tools(self, number: int, /) -> tuple[str, str]:
        return self._conflicts.tools(number)

    def evidence(self, number: int, /) -> tuple[tuple[out.Step, ...], ...]:
        one, other = self._conflicts.evidence(number)
        return self._told.steps(one), self._told.steps(other)

    def place(self, number: int, /) -> tuple[str, int]:
        one, other = self._conflicts.evidence(number)
        return self._told.write(one) or self._told.write(other) or place(self.tools(number), self.evidence(number))

    def earliest(self, numbers: Sequence[int]) -> list[int]:
        first, second, written = self._conflicts.first, self._conflicts.second, self._written
        places = [written[first[number]] or written[second[number]] or self.place(number) for number in numbers]
        least = min(places)
        some = [number for number, place in zip(numbers, places, strict=True) if place == least]
        some = [number for number in some if self.tools(number) == self.tools(some[0])]  # conflicts are sorted by their tools
        self._leads.update(some)
        return some

    @cached_property
    def _written(self) -> list[tuple[str, int] | None]:
        """Where the first write of each side is."""
        return [self._told.write(side.accesses) for side in self._conflicts.sides]

    def tools_of(self, numbers: Iterable[int]) -> list[tuple[str, str]]:
        return self._conflicts.tools_of(numbers)

    def members(self, numbers: Iterable[int]) -> set[str]:
        return self._conflicts.members(numbers)

    def between(self, said: Collection[tuple[str, tuple[str, str]]]) -> Iterable[int]:
        return self._conflicts.between(said)

    def alike(self) -> Iterable[Sequence[int]]:
        found: dict[tuple[int, out.Suppression | None], list[int]] = {}
        for i, group in enumerate(self._conflicts.grouped(_like)):
            for state, numbers in itertools.groupby(group.numbers, key=self._state):
                found.setdefault((i, state), []).extend(numbers)
        return sorted(found.values(), key=itemgetter(0))

    def chains(self) -> Iterable[tuple[out.Step, ...]]:
        """Every chain of evidence once: one is evidence in many pairs."""
        return map(self._told.steps, self._conflicts.chains())

    def marked(self) -> Iterator[Sentence]:
        """The messages that name lines."""
        for number in self._conflicts.chosen(lambda said: plain(said.message) is not said.message):
            yield Sentence("conflicts", number, "message", self._conflicts.message(number))

    def leading(self) -> Iterator[tuple[str, str]]:
        """Fingerprint and message of those that lead a part and name lines, as far as they were asked for."""
        some = ((number, self._conflicts.message(number)) for number in sorted(self._leads))
        return ((self._prints[number], message) for number, message in some if plain(message) is not message)


class Messages(Mapping[str, str]):
    """The messages that name lines, with their marks, by fingerprint: of findings, and of the conflicts that lead a part. A finding that is a
    conflict has the conflict's."""

    def __init__(self, said: Sentences, findings: Sequence[out.Finding], clashes: Clashing) -> None:
        self._said = said
        self._findings = findings
        self._clashes = clashes

    @cached_property
    def _every(self) -> dict[str, str]:
        """Once all parts are made."""
        found = {self._findings[one.at].fingerprint: one.text for one in self._said.marked if one.where == "findings"}
        return found | dict(self._clashes.leading())

    def __getitem__(self, fingerprint: str) -> str:
        return self._every[fingerprint]

    def __iter__(self) -> Iterator[str]:
        return iter(self._every)

    def __len__(self) -> int:
        return len(self._every)


def _like(said: Said) -> object:
    return said.code, said.kind, said.severity, said.confidence, said.latent, said.when == "always"


@lru_cache(maxsize=256)
def _help(code: str, clash: str, resource: str) -> str:
    rule = by_code().get(code)
    return rule.remedy(clash, resource) if rule else ""


@lru_cache(maxsize=8192)
def shown(resource: Resource) -> out.Resource:
    """A resource as documents show it."""
    return out.Resource(kind=resource.kind, key=key_text(resource), scope=resource.scope)
