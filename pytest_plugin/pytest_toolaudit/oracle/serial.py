"""The serial orders of a batch and their outcomes, run only when an outcome has to be explained by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations, product
from math import factorial, prod

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.engine.turn import Access
from pytest_toolaudit.oracle.compare import Masks, Outcome
from pytest_toolaudit.search.conflicts import components, serial_candidate

MOST_ORDERS = 720  # all of them are run; beyond that the search by prefixes looks for one
MOST_PREFIXES = 4_000
Order = tuple[int, ...]


class OutOfRuns(Exception):  # noqa: N818 - no error, an answer
    """More serial orders would have to be run than are allowed."""


@dataclass(frozen=True)
class SerialRun:
    """One serial order: its outcome, what it did, why it did not end, if so, and which calls waited in vain for others to come."""

    order: Order
    outcome: Outcome
    trace: list[Access]
    problem: Problem | None = None
    expired: frozenset[int] = frozenset()

    @property
    def blocked(self) -> bool:
        """Some call of it never ended by itself."""
        return self.problem is not None


def _over(order: Order) -> SerialRun:
    raise RuntimeError("the exploration is over")


class SerialOrders:
    """Remembers outcomes by order; ``explains`` looks for a serial order with the same outcome."""

    def __init__(self, count: int, run: Callable[[Order], SerialRun], masks: Masks, seen: Callable[[], bool]) -> None:
        self.count, self.run, self.masks = count, run, masks
        self.seen = seen
        self.done: dict[Order, SerialRun] = {}
        self.prefixes: dict[Order, SerialRun] = {}
        self.pairs: set[tuple[int, int]] = set()
        self.meet: Callable[[], dict[Order, tuple[SerialRun, tuple[int, ...]]]] | None = None
        self.picks: dict[Order, tuple[int, ...]] = {}
        self.met = False
        self.undecided = False
        self.cut_short = False
        self.tried = 0

    def forget(self) -> None:
        """More is observed than before: what was known cannot be compared with it."""
        self.done.clear()
        self.prefixes.clear()
        self.picks.clear()
        self.met = False

    def close(self) -> None:
        """Nothing more can be run; what is known stays."""
        self.run, self.seen, self.meet = _over, bool, None

    def outcome(self, order: Iterable[int]) -> SerialRun:
        """The run of one serial order."""
        key = tuple(order)
        found = self.done.get(key)
        if found is None:
            found = self.run(key)
            self.done[key] = found
        return found

    def explains(self, outcome: Outcome, trace: Sequence[Access]) -> Order | None:
        """A serial order with this outcome. None: the schedule is not serializable, unless ``undecided`` says that not all could be tried."""
        self.undecided = False
        if self.meet is not None and not self.met:
            self._take(self.meet())
            self.met = True  # also where they were too many: they would be again
        for order, known in list(self.done.items()):
            if self._equal(known, outcome):
                return order
        if self.picks:  # they do not end alone, in whichever order
            return None
        candidate = serial_candidate(trace, self.count)
        few = self.count <= 4 or self.possible() <= MOST_ORDERS
        ended = self._as_they_ended(trace)
        first: list[Order] = [tuple(candidate)] if candidate else [] if few else [ended]
        for order in chain(first, self._orders() if few else ()):
            if order not in self.done and self._equal(self.outcome(order), outcome):
                return order
        self.undecided = self.meet is not None or all(
            known.blocked for known in self.done.values()
        )  # calls that wait for each other: there is nothing to compare with
        return None if few or self.undecided else self._by_prefixes(outcome, ended)

    def _take(self, found: dict[Order, tuple[SerialRun, tuple[int, ...]]]) -> None:
        """Orders of the stretches between meetings take the place of orders of calls."""
        for order, (known, picks) in found.items():
            self.done[order], self.picks[order] = known, picks

    def _equal(self, known: SerialRun, outcome: Outcome) -> bool:
        return not known.blocked and self.masks.apply(known.outcome) == self.masks.apply(outcome)

    def _orders(self) -> Iterator[Order]:
        """All orders that could differ: permutations of conflicting calls; of all calls if those are few."""
        if self.count <= 4:
            yield from permutations(range(self.count))
            return
        groups = [permutations(group) for group in components(self.count, self.pairs)]
        yield from (tuple(call for part in parts for call in part) for parts in product(*groups))

    def _as_they_ended(self, trace: Sequence[Access]) -> Order:
        last = {call: index for index, (call, _, _, _) in enumerate(trace)}
        return tuple(sorted(range(self.count), key=lambda call: last.get(call, -1)))

    def _by_prefixes(self, outcome: Outcome, ended: Order) -> Order | None:
        groups = [sorted(group, key=ended.index) for group in components(self.count, self.pairs)]
        search = PrefixSearch(self.prefix, self.masks, groups, self.pairs, self.seen())
        try:
            return search.find(outcome)
        except OutOfRuns:
            self.undecided = self.cut_short = True
            return None

    def prefix(self, order: Order) -> SerialRun:
        """The run of the first calls of a serial order, the others left out. Raises OutOfRuns when there were too many."""
        if len(order) == self.count and order in self.done:
            return self.done[order]
        found = self.prefixes.get(order)
        if found is None:
            if self.tried >= MOST_PREFIXES:
                raise OutOfRuns
            self.tried += 1
            found = self.prefixes[order] = replace(self.run(order), trace=[])
        return found

    def possible(self) -> int:
        """How many serial orders the conflicts leave."""
        return prod(factorial(len(group)) for group in components(self.count, self.pairs))

    def outcomes(self) -> list[tuple[Order, Outcome]]:
        """The different serial outcomes known, each with the first order that leads to it."""
        found: dict[Outcome, Order] = {}
        for order, known in sorted(self.done.items()):
            if not known.blocked:
                found.setdefault(self.masks.apply(known.outcome), order)
        return [(order, outcome) for outcome, order in found.items()]


class PrefixSearch:
    """Builds a serial order call by call, and leaves a beginning as soon as it cannot lead to the outcome.

    After Wing and Gong (1993) with Lowe's memory of what was met ("Testing for linearizability", 2017): a call that answered
    otherwise than in the outcome ends the beginning; the same calls that lead to the same state are followed once. Where state
    cannot be seen whole, beginnings that differ only in the order of calls without a conflict are followed once instead.
    """

    def __init__(
        self,
        run: Callable[[Order], SerialRun],
        masks: Masks,
        groups: Sequence[Sequence[int]],
        pairs: set[tuple[int, int]],
        by_state: bool,
    ) -> None:
        self.run, self.masks, self.groups, self.pairs, self.by_state = run, masks, groups, pairs, by_state  # groups: likely orders
        self.met: set[tuple[frozenset[int], object]] = set()

    def find(self, outcome: Outcome) -> Order | None:
        """A serial order with this outcome, or None: there is none. Raises OutOfRuns."""
        return self._extend((), self.masks.apply(outcome), sum(map(len, self.groups)))

    def _extend(self, prefix: Order, wanted: Outcome, count: int) -> Order | None:
        if len(prefix) == count:
            return prefix if self.masks.apply(self.run(prefix).outcome) == wanted else None
        for call in next(left for group in self.groups if (left := [c for c in group if c not in prefix])):
            longer = (*prefix, call)
            if (self.by_state or self._first_of_its_kind(longer)) and self._may_lead(longer, wanted):
                found = self._extend(longer, wanted, count)
                if found is not None:
                    return found
        return None

    def _may_lead(self, prefix: Order, wanted: Outcome) -> bool:
        known = self.run(prefix)
        reached = self.masks.apply(known.outcome)
        if known.blocked or reached.results[prefix[-1]] != wanted.results[prefix[-1]]:
            return False
        if self.by_state:
            here = (frozenset(prefix), reached.state)
            if here in self.met:
                return False
            self.met.add(here)
        return True

    def _first_of_its_kind(self, prefix: Order) -> bool:
        """Whether the last call could not as well have come before one that its group lists later (the smallest word of its Mazurkiewicz trace)."""
        last = prefix[-1]
        group = next(group for group in self.groups if last in group)
        for call in reversed(prefix[:-1]):
            if call not in group or (min(call, last), max(call, last)) in self.pairs:
                return True
            if group.index(last) < group.index(call):
                return False
        return True
