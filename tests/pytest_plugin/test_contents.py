"""What a call concludes from the content of a container, however it looks at it, holds only as long as nobody takes something out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(60)
LOCK = threading.Lock()


class Desk:
    """One job, in each kind of place that may hold some."""

    def __init__(self) -> None:
        self.jobs = ["print"]
        self.named = {"jobs": ["print"]}
        self.line = deque(["print"])

    def asked(self) -> str:
        return self.jobs.pop() if self.jobs else "none"

    def asked_first(self) -> str:
        if not self.jobs:
            return "none"
        return self.jobs.pop()

    def asked_in_a_loop(self) -> str:
        while self.jobs:
            return self.jobs.pop()
        return "none"

    def asked_in_an_expression(self) -> str:
        return (self.jobs and self.jobs.pop()) or "none"

    def asked_by_assert(self) -> str:
        try:
            assert self.jobs
        except AssertionError:
            return "none"
        return self.jobs.pop()

    def asked_of_an_item(self) -> str:
        if self.named["jobs"]:
            return self.named["jobs"].pop()
        return "none"

    def asked_of_what_get_gave(self) -> str:
        if self.named.get("jobs"):
            return self.named["jobs"].pop()
        return "none"

    def asked_of_a_local(self) -> str:
        jobs = self.jobs
        if jobs:
            return jobs.pop()
        return "none"

    def asked_while_named(self) -> str:
        if jobs := self.jobs:
            return jobs.pop()
        return "none"

    def asked_of_a_deque(self) -> str:
        return self.line.popleft() if self.line else "none"

    def made_a_bool(self) -> str:
        return self.jobs.pop() if bool(self.jobs) else "none"

    def compared(self) -> str:
        empty: list[str] = []
        return self.jobs.pop() if self.jobs != empty else "none"

    def joined(self) -> str:
        return self.jobs.pop() if "".join(self.jobs) else "none"

    def shown(self) -> str:
        return self.jobs.pop() if f"{self.jobs}" != "[]" else "none"

    def shown_by_percent(self) -> str:
        return self.jobs.pop() if "%s" % self.jobs != "[]" else "none"  # noqa: UP031

    def shown_by_percent_among_others(self) -> str:
        return self.jobs.pop() if "%d %s" % (1, self.jobs) != "1 []" else "none"  # noqa: UP031

    def shown_by_format(self) -> str:
        return self.jobs.pop() if "{}".format(self.jobs) != "[]" else "none"  # noqa: UP032

    def shown_by_format_by_name(self) -> str:
        return self.jobs.pop() if "{jobs}".format(jobs=self.jobs) != "[]" else "none"  # noqa: UP032

    def repeated(self) -> str:
        jobs = self.jobs * 2
        return self.jobs.pop() if jobs else "none"

    def repeated_turned_round(self) -> str:
        jobs = 2 * self.jobs
        return self.jobs.pop() if jobs else "none"

    def unpacked(self) -> str:
        [*jobs] = self.jobs
        return self.jobs.pop() if jobs else "none"

    def copied(self) -> str:
        jobs = [*self.jobs]
        return self.jobs.pop() if jobs else "none"

    def added(self) -> str:
        more: list[str] = []
        jobs = self.jobs + more
        return self.jobs.pop() if jobs else "none"

    def chosen(self) -> str:
        return [job for job in ["a"] if self.jobs and self.jobs.pop()][0] if self.jobs else "none"  # noqa: RUF015


WAYS = [name for name in vars(Desk) if not name.startswith("__")]


@pytest.mark.parametrize("way", WAYS)
def test_who_looks_and_takes_is_racy(way: str) -> None:
    """Both see the one job that there is; under a lock nobody is blamed."""
    desks: list[Desk] = [Desk()]

    def fresh() -> None:
        desks[0] = Desk()

    def take() -> Any:
        return getattr(desks[0], way)()

    def take_locked() -> Any:
        with LOCK:
            return take()

    assert explore([call(take), call(take)], state=fresh).kind == "racy"
    verdict = explore([call(take_locked), call(take_locked)], state=fresh)
    assert verdict.kind == "order-dependent", verdict.render()
    assert verdict.exhausted


def closed_over() -> tuple[Callable[[], Any], Callable[[], Any]]:
    waiting = ["first"]

    def take() -> str | None:
        if waiting:
            return waiting.pop()
        return None

    def take_locked() -> str | None:
        with LOCK:
            return take()

    return take, take_locked


def test_a_closure_that_looks_and_takes() -> None:
    take, take_locked = closed_over()
    assert explore([call(take), call(take)]).kind == "racy"
    assert explore([call(take_locked), call(take_locked)]).kind == "order-dependent"


HIGHEST = [3, 1, 2]


def add_one() -> None:
    """Makes it a variable that is bound anew."""
    global HIGHEST
    HIGHEST = [*HIGHEST, 1]


def highest() -> int | None:
    """Asks whether there is something, then looks for the largest."""
    return max(HIGHEST) if HIGHEST else None


def forget() -> None:
    """Takes everything out of the same list."""
    HIGHEST.clear()


def test_a_variable_that_is_bound_anew_holds_a_container_too() -> None:
    verdict = explore([call(highest), call(forget)])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.outcome is not None
    assert verdict.outcome.results[0][0] == "raised"
