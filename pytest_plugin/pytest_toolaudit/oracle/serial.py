"""The serial orders of a batch and their outcomes, run only when an outcome has to be explained by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product
from math import factorial, prod

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.engine.turn import Access
from pytest_toolaudit.oracle.compare import Masks, Outcome
from pytest_toolaudit.search.conflicts import components, serial_candidate

MOST_ORDERS = 720
Order = tuple[int, ...]


@dataclass(frozen=True)
class SerialRun:
    """One serial order: its outcome, what it did, and why it did not end, if so."""

    order: Order
    outcome: Outcome
    trace: list[Access]
    problem: Problem | None = None

    @property
    def blocked(self) -> bool:
        """Some call of it never ended by itself."""
        return self.problem is not None


class SerialOrders:
    """Remembers outcomes by order; ``explains`` looks for a serial order with the same outcome."""

    def __init__(self, count: int, run: Callable[[Order], SerialRun], masks: Masks) -> None:
        self.count, self.run, self.masks = count, run, masks
        self.done: dict[Order, SerialRun] = {}
        self.pairs: set[tuple[int, int]] = set()
        self.cut_short = False

    def forget(self) -> None:
        """More is observed than before: what was known cannot be compared with it."""
        self.done.clear()

    def outcome(self, order: Iterable[int]) -> SerialRun:
        """The run of one serial order."""
        key = tuple(order)
        found = self.done.get(key)
        if found is None:
            found = self.run(key)
            self.done[key] = found
        return found

    def explains(self, outcome: Outcome, trace: Sequence[Access]) -> Order | None:
        """A serial order with this outcome, or None: then the schedule is not serializable."""
        wanted = self.masks.apply(outcome)
        for order, known in list(self.done.items()):
            if not known.blocked and self.masks.apply(known.outcome) == wanted:
                return order
        candidate = serial_candidate(trace, self.count)
        for order in [*([tuple(candidate)] if candidate else []), *self._orders()]:
            if order in self.done:
                continue
            known = self.outcome(order)
            if not known.blocked and self.masks.apply(known.outcome) == wanted:
                return order
        return None

    def _orders(self) -> Iterator[Order]:
        """All orders that could differ: permutations of conflicting calls; of all calls if those are few."""
        if self.count <= 4:
            yield from permutations(range(self.count))
            return
        groups = [permutations(group) for group in components(self.count, self.pairs)]
        merged = (tuple(call for part in parts for call in part) for parts in product(*groups))
        yield from islice(merged, MOST_ORDERS)
        self.cut_short = next(merged, None) is not None

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
