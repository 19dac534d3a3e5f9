"""Pairs of tools judged quickly: accesses that no judge can tell apart are judged once, however many tools make them.

An access has a number for all that `clashes` looks at: its content, and what its tool is. Of two numbers the clash is worked out once, and
serves every pair of tools that has them, with their own places as evidence.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.model import Access, Runner
from toolaudit.verdicts import clashes
from toolaudit.verdicts.clashes import Clash
from toolaudit.verdicts.keys import IN_PROCESS, family, key_text
from toolaudit.verdicts.owners import OWNED
from toolaudit.verdicts.profile import WRITES, Profile, Window, content

STRONG = frozenset({"proven", "typed", "catalogued"})
# Which of two clashes on one resource tells more.
WEIGHT = {"TA101": 5, "TA104": 4, "TA103": 3, "TA402": 2, "TA102": 1}
RELATION = {"always": 3, "when": 2, "may": 1}
PER_PAIR = 4

Strength = tuple[bool, int, int, int, int, str]
Where = tuple[str, str, str]
"""Kind of clash, and kind and key of the resource."""
Numbered = tuple[int, Access]
NOBODY: Sequence[Numbered] = ()


class Found(Struct, frozen=True, gc=False):
    """A clash of two numbers, made of the accesses that had them first."""

    strength: Strength
    where: Where
    clash: Clash


class Candidate(Struct, frozen=True, gc=False):
    """The same with the accesses of one pair of tools; `window` where it lies in a race, and whether it is the first tool's."""

    found: Found
    a: Access
    b: Access
    window: Window | None = None
    first: bool = True

    def clash(self) -> Clash:
        """The clash with its own places."""
        known = self.found.clash
        if self.window is None:
            if self.a is known.a and self.b is known.b:
                return known
            return replace(known, a=self.a, b=self.b, evidence_a=(), evidence_b=())
        window = self.window
        ends = (window.read,) if window.read is window.write else (window.read, window.write)
        one, other = (ends, (self.b,)) if self.first else ((self.a,), ends)
        return replace(known, a=self.a, b=self.b, evidence_a=one, evidence_b=other)


def measured(clash: Clash) -> Found:
    """A clash with how much it tells, and where it is."""
    text = key_text(clash.a.resource)
    sure = (clash.a.confidence in STRONG) + (clash.b.confidence in STRONG)
    strength = (clash.kind == "race", RELATION[clash.relation], len(clash.runners), sure, WEIGHT[clash.code], text)
    return Found(_once(strength), _once((clash.kind, clash.a.resource.kind, text)), clash)


T = TypeVar("T", bound=Hashable)


@lru_cache(maxsize=65536)
def _once(value: T) -> T:
    """The first of equal values, so that a hundred thousand clashes share some thousands."""
    return value


Best = dict[Where, Candidate]
"""The strongest clash so far on each resource."""


def offer(best: Best, found: Found, a: Access, b: Access, window: Window | None = None, first: bool = True) -> None:
    """Take a clash if it is the first, or stronger than the one known."""
    known = best.get(found.where)
    if known is None or found.strength > known.found.strength:
        best[found.where] = Candidate(found, a, b, window, first)


def strongest(best: Best) -> list[Candidate]:
    """Strongest first, at most a few. A race says more than an order on the same terms, unless the order bites where the race cannot."""
    if not best:
        return []
    races = {(where[1:], c.found.clash.when): set(c.found.clash.runners) for where, c in best.items() if where[0] == "race"}
    left = [c for where, c in best.items() if where[0] == "race" or not _told(c.found.clash, races.get((where[1:], c.found.clash.when)))]
    return sorted(left, key=lambda candidate: candidate.found.strength, reverse=True)[:PER_PAIR]


def _told(order: Clash, race: set[Runner] | None) -> bool:
    return set(order.runners) <= (race or set())


class View:
    """A profile with its accesses and windows numbered, each with the number of its place."""

    def __init__(self, profile: Profile, judge: Judge) -> None:
        self.profile = profile
        self.met = [(judge.number(profile, a), a, judge.place(a, a.mode not in WRITES)) for a in profile.met]
        self.gaps = [(judge.window(profile, window), window, judge.place(window.read, True)) for window in profile.gaps]
        self.moves = any(write.resource.kind == "cwd" for write in profile.writes)
        self.keeps_up = {write.resource.kind for write in profile.upkeep}
        self.reads = profile.read.by_kind.keys()
        self.leans = profile.leaning.by_kind.keys()
        self.holds = {write.resource.kind for write in profile.writes if write.resource.kind in IN_PROCESS}
        self.near: dict[int, Sequence[Numbered]] = {}
        """Place → the neighbours there, as far as they were asked for."""
        self._numbered: dict[int, Numbered] = {id(access): (number, access) for number, access, _ in self.met}

    def is_kept_up_with(self, other: View) -> bool:
        """Whether `clashes.upkeep` can find anything of what this tool writes, by the kinds alone."""
        return self.moves or not (self.keeps_up.isdisjoint(other.reads) and self.holds.isdisjoint(other.leans))

    def look(self, place: int, access: Access, writes: bool) -> Sequence[Numbered]:
        """`Profile.near`, with numbers; all accesses at one place have the same neighbours."""
        near = self.profile.near(access, writes)
        found = self.near[place] = [self._numbered[id(other)] for other in near] if near else NOBODY
        return found


class Judge:
    """What is known of pairs of numbers so far."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._meetings: dict[int, dict[int, Found | None]] = {}
        self._races: dict[tuple[int, int, bool], Found | None] = {}
        self._told: dict[object, Found] = {}

    def number(self, view: Profile, access: Access) -> int:
        """One number for accesses between which `clashes` sees no difference."""
        read = any(window.read is access for window in view.windows)
        steps = access.mode in WRITES and clashes.several_steps(view, access)
        return self._number((content(access), view.tool.is_async, view.footprint.suspends, read, steps))

    def place(self, access: Access, writes: bool) -> int:
        """One number for what decides which accesses of another tool `Profile.near` gives."""
        resource = access.resource
        if resource.kind in OWNED:
            return self._number((resource.kind, resource.scope, resource.key[:1], writes))
        return self._number(("" if access.operation == "opaque" else family(resource.kind), writes))

    def window(self, view: Profile, window: Window) -> int:
        """The same for windows."""
        ends = content(window.read), content(window.write), window.read is window.write
        return self._number((ends, window.link, window.lies, window.same, window.locks, window.accumulates, view.tool.is_async))

    def _number(self, what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers))

    def _once(self, found: Found) -> Found:
        """What differs by its accesses alone is held once, since each candidate has its own: there are some thousands for a hundred thousand."""
        clash = found.clash
        words = clash.code, clash.failure, clash.relation, clash.when, clash.runners, clash.torn
        return self._told.setdefault((found.strength, found.where, words), found)

    def ranked(self, one: View, other: View) -> list[Candidate]:
        """The strongest clash of a pair on each resource; none where the pair is safe. Clashes are met in the order of `clashes.clashes`."""
        best: Best = {}
        if one is other:
            for clash in clashes.clashes(one.profile, one.profile):
                offer(best, measured(clash), clash.a, clash.b)
            return strongest(best)
        self._race(best, one, other, True)
        self._race(best, other, one, False)
        self._meet(best, one, other)
        for clash in clashes.upkeep(one.profile, other.profile) if one.is_kept_up_with(other) or other.is_kept_up_with(one) else ():
            offer(best, measured(clash), clash.a, clash.b)
        return strongest(best)

    def _meet(self, best: Best, one: View, other: View) -> None:
        there = other.near
        for number, a, place in one.met:
            near = there[place] if place in there else other.look(place, a, a.mode not in WRITES)
            if not near:
                continue
            known = self._meetings.setdefault(number, {})
            for against, b in near:
                if against in known:
                    found = known[against]
                else:
                    made = clashes.meeting(one.profile, other.profile, a, b)
                    found = known[against] = None if made is None else self._once(measured(made))
                if found is not None and ((before := best.get(found.where)) is None or found.strength > before.found.strength):
                    best[found.where] = Candidate(found, a, b)

    def _race(self, best: Best, victim: View, other: View, first: bool) -> None:
        for number, window, place in victim.gaps:
            near = other.near[place] if place in other.near else other.look(place, window.read, True)
            for against, write in near:
                key = (number, against, first)
                if key not in self._races:
                    made = clashes.race(victim.profile, other.profile, window, write, first)
                    self._races[key] = None if made is None else self._once(measured(made))
                found = self._races[key]
                if found is not None:
                    offer(best, found, *((window.write, write) if first else (write, window.write)), window, first)
