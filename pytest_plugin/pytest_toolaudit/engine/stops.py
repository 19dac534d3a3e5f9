"""Where a schedule interrupts each call, counted down as the call comes by: a call that is not to be interrupted at a site passes it at once."""

from __future__ import annotations

from pytest_toolaudit.engine.turn import Site

Plan = dict[tuple[int, Site, int], int]


class Stop:
    """``left``: how often the call still passes the site; then the turn goes to ``target``. ``later``: the next stop at this site."""

    __slots__ = ("later", "left", "target")

    def __init__(self, left: int, target: int, later: Stop | None) -> None:
        self.left, self.target, self.later = left, target, later


Stops = dict[Site, Stop]


def stops_of(plan: Plan, calls: int) -> list[Stops]:
    """By call: what the plan says about its sites."""
    found: list[Stops] = [{} for _ in range(calls)]
    for call, site, nth in sorted(plan, key=_nth, reverse=True) if len(plan) > 1 else plan:
        later = found[call].get(site)
        if later is not None:
            later.left -= nth
        found[call][site] = Stop(nth, plan[call, site, nth], later)
    return found


def _nth(place: tuple[int, Site, int]) -> int:
    return place[2]


def reached(stops: Stops, site: Site) -> int | None:
    """The call comes to a site at which it stops some time: who is to go on, if that is now."""
    stop = stops[site]
    stop.left -= 1
    if stop.left:
        return None
    if stop.later is None:
        del stops[site]
    else:
        stops[site] = stop.later
    return stop.target
