"""Clashes of pairs to conflicts: how severe and how sure each is, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from toolaudit.model import Access, Confidence, Resource, Severity
from toolaudit.verdicts.clashes import Clash
from toolaudit.verdicts.columns import Conflicts, Said, Side, numbers
from toolaudit.verdicts.commute import today
from toolaudit.verdicts.keys import key_text
from toolaudit.verdicts.pairing import STRONG, Candidate
from toolaudit.verdicts.profile import Profile
from toolaudit.verdicts.sentences import conflict_message


class Telling:
    """Conflicts as they are found, beside those that are known."""

    def __init__(self, views: Sequence[Profile], confidence: Mapping[str, Confidence], known: Conflicts) -> None:
        self._views = views
        self._confidence = confidence
        self._known = known
        self._which, self._first, self._second = numbers(), numbers(), numbers()
        self._said: dict[Said, int] = {said: i for i, said in enumerate(known.table)}
        self._sides: list[Side] = [*known.sides]
        self._numbered: dict[tuple[int, tuple[int, ...], int], int] = {}
        self._blind: dict[int, bool] = {}

    def add(self, found: Iterable[tuple[int, int, tuple[Candidate, ...]]], most: int) -> None:
        """Pairs of tools, by position, with their clashes, the strongest first: so many count."""
        for i, j, told in found:
            for candidate in told[:most]:
                clash = candidate.clash()
                said = self._told(self._views[i], self._views[j], clash)
                self._which.append(self._said.setdefault(said, len(self._said)))
                mine, theirs = clash.evidence_a or (clash.a,), clash.evidence_b or (clash.b,)
                self._first.append(self._side(i, mine, clash.a.resource))
                self._second.append(self._side(j, theirs, theirs[0].resource))

    def every(self) -> Conflicts:
        """Those that were found and those that are known, sorted."""
        known, tools = self._known, [view.tool for view in self._views]
        new = Conflicts(tools, [*self._said], self._sides, (self._which, self._first, self._second))
        ranks = {tool: i for i, tool in enumerate(sorted({tool.id for tool in tools}))}
        rank = [ranks[tool.id] for tool in tools]
        order = sorted(range(len(new)), key=lambda number: (*map(rank.__getitem__, new.pair(number)), *_order(new, number)))
        rows = [
            before + numbers([column[number] for number in order])
            for before, column in ((known.which, self._which), (known.first, self._first), (known.second, self._second))
        ]
        every = Conflicts(tools, new.table, self._sides, (rows[0], rows[1], rows[2]))
        if len(known) and order:
            one, other = every.ends()
            keys = [rank[a] * len(tools) + rank[b] for a, b in zip(one, other, strict=True)]
            order = sorted(range(len(keys)), key=keys.__getitem__)  # two sorted runs, which is quick
            rows = [numbers([column[number] for number in order]) for column in rows]
            every = Conflicts(tools, new.table, self._sides, (rows[0], rows[1], rows[2]))
        return every

    def _side(self, tool: int, accesses: tuple[Access, ...], resource: Resource) -> int:
        """One access is evidence in many pairs."""
        key = tool, tuple(map(id, accesses)), id(resource)
        number = self._numbered.get(key)
        if number is None:
            number = self._numbered[key] = len(self._sides)
            self._sides.append(Side(tool, accesses, resource))
        return number

    def _told(self, one: Profile, other: Profile, clash: Clash) -> Said:
        latent = today(one.tool, other.tool) not in clash.runners
        sure = _sure(clash, {self._confidence.get(one.tool.id, "medium"), self._confidence.get(other.tool.id, "medium")})
        blind = self._is_blind(one, clash.a) and self._is_blind(other, clash.b)
        severity = _severity(clash, latent, sure, blind)
        message = conflict_message(one.tool.id == other.tool.id, clash)
        return Said(clash.kind, clash.code, clash.when, clash.failure, clash.runners, latent, severity, sure, message)

    def _is_blind(self, view: Profile, write: Access) -> bool:
        known = self._blind.get(id(write))
        if known is None:
            known = self._blind[id(write)] = _blind(view, write)
        return known


def _order(conflicts: Conflicts, number: int) -> tuple[object, ...]:
    """Of conflicts between the same tools."""
    said, resource = conflicts.said(number), conflicts.resource(number)
    return said.kind != "race", said.code, resource.kind, key_text(resource), said.when


def _sure(clash: Clash, verdicts: set[Confidence]) -> Confidence:
    """High only when both accesses are understood and the keys are known to meet."""
    operations = {clash.a.operation, clash.b.operation}
    if clash.relation == "may" or "opaque" in operations or any(a.confidence not in STRONG for a in (clash.a, clash.b)):
        return "low"
    return "medium" if "low" in verdicts else "high"


TAKES = frozenset({"delete", "rename", "consume"})


def _blind(view: Profile, write: Access) -> bool:
    """Whether the write depends on nothing that its call read: what stood there before is gone unseen.

    What its call also reads, or takes away again, under the same lock is its own concern.
    """
    if write.mode != "w" or any(window.write is write for window in view.windows):
        return False
    beside = [
        access
        for access in view.primary
        if access is not write and access.resource == write.resource and set(access.locks) & set(write.locks)
    ]
    return not any(access.mode == "r" or {access.operation, write.operation} & TAKES for access in beside)


def _severity(clash: Clash, latent: bool, sure: Confidence, blind: bool) -> Severity:
    """A live race that is well understood fails the gate; what is latent, unsure or only a matter of order does not.

    Of two writes in either order only blind ones lose something: an update that saw the other one has taken it into account.
    """
    if sure == "low":
        return "note"
    if clash.kind == "race":
        return "warning" if latent else "error"
    return "warning" if clash.code == "TA402" or (blind and not latent and clash.code == "TA103") else "note"
