"""Where a schedule interrupts each call, counted down as the call comes by: a call that is not to be interrupted at a site passes it at once."""

from __future__ import annotations

from pytest_toolaudit.engine.turn import Site

Plan = dict[tuple[int, Site, int], int]


class Everything:
    """A set of sites that contains each: every point is considered."""

    def __contains__(self, site: object) -> bool:
        return True


class Stop:
    """``left``: how often the call still passes the site; then the turn goes to ``target``. ``later``: the next stop at this site."""

    __slots__ = ("later", "left", "target")

    def __init__(self, left: int, target: int, later: Stop | None) -> None:
        self.left, self.target, self.later = left, target, later


Stops = dict[Site, Stop]


def stops_of(plan: Plan, calls: int) -> list[Stops]:
    """By call: what the plan says about its sites."""
    found: list[Stops] = [{} for _ in range(calls)]
    for (call, site, nth), target in plan.items():
        mine = found[call]
        other = mine.get(site)
        if other is None:
            mine[site] = Stop(nth, target, None)
        elif other.later is not None:
            return _chained(plan, calls)
        elif nth > other.left:
            other.later = Stop(nth - other.left, target, None)
        else:
            other.left -= nth
            mine[site] = Stop(nth, target, other)
    return found


def _chained(plan: Plan, calls: int) -> list[Stops]:
    """The same where a call stops at a site more than once."""
    found: list[Stops] = [{} for _ in range(calls)]
    for (call, site, nth), target in sorted(plan.items(), key=_nth, reverse=True):
        later = found[call].get(site)
        if later is not None:
            later.left -= nth
        found[call][site] = Stop(nth, target, later)
    return found


def _nth(planned: tuple[tuple[int, Site, int], int]) -> int:
    return planned[0][2]


def passed(stops: Stops, site: Site, stop: Stop) -> None:
    """The call has stopped there: the next time it does is another one."""
    if stop.later is None:
        del stops[site]
    else:
        stops[site] = stop.later
