"""What is kept of the last run's pairs changes nothing: the conflicts are those of a run that remembers nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolaudit.verdicts import conflicts as room
from toolaudit.verdicts.conflicts import conflicts

bodies = st.sampled_from(
    [
        "(p)\n r read file:{p}\n w write file:{p} <- 0 data io",
        "(p) async suspends\n r check file:{p}\n w write file:{p} <- 0 control await",
        "(q)\n w write file:{q}\n w append file:n",
        "(q)\n w write memory:{self.x} secondary=memo",
        "()\n r read memory:{self.x}\n r list dir:d",
        "(c)\n rw opaque subprocess:{c}",
        "(p)\n w write cwd:\n r read file:{cwd}/n",
        "(p)\n w update sql:acc tx=1\n w update sql:acc tx=1",
    ]
)


class Kept:
    def __init__(self) -> None:
        self.data: bytes | None = None
        self.times = 0

    def recall(self) -> bytes | None:
        return self.data

    def keep(self, pieces) -> None:
        self.data = b"".join(pieces)
        self.times += 1


def judged(scan, memory: Kept | None = None):
    return conflicts(scan.tools, scan.footprints, scan.verdicts, memory)


def named(texts: list[str], *, start: int = 0) -> str:
    return "\n\n".join(f"t{start + i}{text}" for i, text in enumerate(texts))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(bodies, min_size=2, max_size=5), st.lists(bodies, min_size=1, max_size=3), st.integers(0, 2))
def test_conflicts_are_those_of_a_first_run(scan_of, texts: list[str], others: list[str], start: int) -> None:
    memory = Kept()
    judged(scan_of(named(texts)), memory)
    for now in (others + texts[len(others) :], texts[1:], [*texts, *others], texts):
        scan = scan_of(named(now, start=start))
        assert judged(scan, memory) == judged(scan)


def test_a_run_that_changes_nothing_keeps_nothing_anew(scan_of) -> None:
    scan, memory = scan_of(named(["(p)\n w write file:{p}"] * 3)), Kept()
    assert judged(scan, memory) == judged(scan, memory)
    assert memory.times == 1


@pytest.mark.parametrize("data", [b"", b"\x93", b"nothing of ours"])
def test_what_cannot_be_read_is_judged_anew(scan_of, data: bytes) -> None:
    scan, memory = scan_of(named(["(p)\n w write file:{p}"] * 3)), Kept()
    memory.data = data
    assert judged(scan, memory) == judged(scan)


def test_more_pairs_than_anybody_reads(scan_of, monkeypatch) -> None:
    """Where so many pairs clash that each is shown by one clash, what was kept of fewer does not serve, and the other way round."""
    two = ["(p)\n w write file:{p}\n w write memory:{self.x}"] * 2
    memory = Kept()
    for limit in (100, 1, 100):
        monkeypatch.setattr(room, "MANY_PAIRS", limit)
        for texts in (two, two * 2):
            scan = scan_of(named(texts))
            assert judged(scan, memory) == judged(scan)
