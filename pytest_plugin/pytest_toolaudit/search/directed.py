"""The sweep: every schedule with 1, then 2, then 3 preemptions at conflicting accesses, the likeliest first.

After Musuvathi and Qadeer (iterative context bounding, PLDI 2007), on conflicting accesses only; the first hit has
the fewest preemptions, and a level that is through can be said to be through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, permutations

from pytest_toolaudit.search.schedule import Point, Preemption, Schedule

_SORTED = 4000  # schedules of a level that are ranked before they run; what comes after runs as generated
_ORDERS = 24
MOST = 4  # calls that conflict with each other: all their orders are start orders
Points = dict[int, list[Point]]


def start_orders(component: Sequence[int]) -> list[tuple[int, ...]]:
    """Permutations of the calls that conflict: all of up to MOST, else the given order, its reverse and rotations."""
    if len(component) <= MOST:
        return list(permutations(component))
    given = tuple(component)
    rotations = [given[i:] + given[:i] for i in range(len(given))]
    return list(dict.fromkeys([given, given[::-1], *rotations, *[r[::-1] for r in rotations]]))[:_ORDERS]


def level(
    component: Sequence[int], points: Points, count: int, in_loop: Sequence[bool]
) -> Iterator[tuple[tuple[int, ...], tuple[Preemption, ...]]]:
    """All pairs of start order and ``count`` preemptions of one component. One preemption in many calls: in the given order and its
    reverse each call is interrupted by each other one."""
    orders = start_orders(component)
    for order in orders if len(component) <= MOST or count > 1 else orders[:2]:
        progress = dict.fromkeys(component, 0)
        for preemptions in _extend(list(order), progress, points, count, in_loop):
            yield order, preemptions


def _extend(
    order: list[int], progress: dict[int, int], points: Points, left: int, in_loop: Sequence[bool]
) -> Iterator[tuple[Preemption, ...]]:
    if left == 0:
        yield ()
        return
    for i, call in enumerate(order):  # the calls before it run to their end
        waiting = order[i + 1 :]
        mine = points.get(call, [])
        for position in range(progress[call], len(mine)):
            for target in waiting:
                point = mine[position]
                if point.threads_only and in_loop[target]:
                    continue
                following = [target, *[c for c in waiting if c != target], call]
                moved = {**progress, call: position + 1}
                for rest in _extend(following, moved, points, left - 1, in_loop):
                    yield (Preemption(point, target), *rest)


def sweep(
    components: Sequence[Sequence[int]],
    points: Points,
    ranks: dict[Point, int],
    count: int,
    in_loop: Sequence[bool],
    calls: int,
) -> Iterator[Schedule]:
    """Schedules with exactly ``count`` preemptions; coming back to what was read is where updates are lost."""
    for component in components:
        if len(component) < 2:
            continue
        rest = tuple(call for call in range(calls) if call not in component)
        generated = level(component, points, count, in_loop)
        head = list(islice(generated, _SORTED))
        head.sort(key=lambda found: (sum(ranks.get(p.point, 2) for p in found[1]), _distance(found[0])))
        for order, preemptions in head:
            yield Schedule(order + rest, preemptions)
        for order, preemptions in generated:
            yield Schedule(order + rest, preemptions)


def _distance(order: tuple[int, ...]) -> int:
    return sum(a > b for a, b in pairwise(order))
