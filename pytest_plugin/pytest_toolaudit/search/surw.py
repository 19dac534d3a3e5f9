"""Selectively uniform random walk: one conflicting resource a schedule, all orders of its accesses equally likely.

After Zhao et al., "Selectively Uniform Concurrency Testing" (ASPLOS 2025). What is drawn is turned into preemptions,
so that a random hit replays and shrinks like any other schedule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from pytest_toolaudit.engine.threads import END
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule


def draw(groups: Sequence[Sequence[Point]], calls: int, rng: Random) -> Schedule:
    """A schedule that orders the accesses of one resource uniformly at random."""
    group = groups[rng.randrange(len(groups))]
    mine: dict[int, list[Point]] = defaultdict(list)
    for point in group:
        mine[point.call].append(point)
    left = {call: len(points) for call, points in mine.items()}
    sequence: list[int] = []
    while left:
        pick = rng.randrange(sum(left.values()))
        for call in sorted(left):
            if pick < left[call]:
                break
            pick -= left[call]
        sequence.append(call)
        left[call] -= 1
        if not left[call]:
            del left[call]
    others = [call for call in range(calls) if call not in mine]
    rng.shuffle(others)
    first = list(dict.fromkeys(sequence))
    return Schedule(tuple(first + others), tuple(_preemptions(sequence, mine)))


def _preemptions(sequence: Sequence[int], mine: dict[int, list[Point]]) -> list[Preemption]:
    done: dict[int, int] = defaultdict(int)
    found = []
    for here, following in pairwise(sequence):
        done[here] += 1
        if here == following:
            continue
        points = mine[here]
        after = points[done[here]] if done[here] < len(points) else Point(here, END, 1)
        found.append(Preemption(after, following))
    return found
