"""Does a schedule repeat its own steps? If not, nothing that it shows may be called a race."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from pytest_toolaudit.engine.turn import Access, Site


def steps(trace: Iterable[Access]) -> list[tuple[int, Site]]:
    """The trace without the objects, which are new in each run."""
    return [(call, site) for call, site, _, _ in trace]


def first_difference(a: Iterable[Access], b: Iterable[Access]) -> str | None:
    """Where two runs of one schedule part ways, as text; None when they do not."""
    left, right = steps(a), steps(b)
    if _differ_in_waits_only(left, right):
        return None
    for one, other in zip(left, right, strict=False):
        if one != other:
            return f"call {one[0]} at {_at(one[1])} in one run, call {other[0]} at {_at(other[1])} in the next"
    if len(left) != len(right):
        return f"{len(left)} steps in one run, {len(right)} in the next"
    return None


def _differ_in_waits_only(left: list[tuple[int, Site]], right: list[tuple[int, Site]]) -> bool:
    """Whether the tools' own lines ran alike and only waits for a real answer came in another order or number: that is the network's
    pace, and what it changes in the outcome is masked."""
    own = [[step for step in run if step[1].file] for run in (left, right)]
    turns = [[call for call, _ in groupby(step[0] for step in run)] for run in own]
    return len(own[0]) != len(left) and turns[0] == turns[1] and Counter(own[0]) == Counter(own[1])


def _at(site: Site) -> str:
    return f"{site.file.rpartition('/')[2]}:{site.line}" if site.file else site.text
