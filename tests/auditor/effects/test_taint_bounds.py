"""What is left of a taint that has grown too large to be carried on."""

from __future__ import annotations

from toolaudit.effects.values import MAX_TAINT, bounded


def test_the_reads_nearest_to_the_tool_stay() -> None:
    """Decorators that sign in read first, and much: what the tool read itself came last, and decides what it writes."""
    last = MAX_TAINT + 40
    kept = bounded(frozenset({*range(last), "name"}))
    assert len(kept) == MAX_TAINT
    assert last - 1 in kept
    assert 0 not in kept
