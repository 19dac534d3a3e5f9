"""Of the ways of a condition one call takes one: what stands in different ways never happens together."""

from __future__ import annotations

from typing import Any

from toolaudit.branches import apart

SOURCE = """\
def put_or_peek(path, peek, text, mode):
    if peek:
        text = open(path).read()
    elif mode == "fast":
        text = ""
    else:
        if not text:
            text = "empty"
        open(path, "w").write(text)
    return text


def put(path, peek, text):
    return put_or_peek(path, peek, text, "slow")
"""


def test_a_decided_elif_and_an_if_at_the_head_of_its_else_leave_the_ways_apart(footprint_of: Any) -> None:
    accesses = footprint_of(SOURCE, "put")["put"].accesses
    reads, writes = [a for a in accesses if a.mode == "r"], [a for a in accesses if a.mode == "w"]
    assert reads and writes
    assert all(apart(read.arms, write.arms) for read in reads for write in writes)
