"""Tiny windows far apart: one call computes for long before it reads. Depth 1."""

STATS = {"n": 0}


def crunch(k):
    s = 0
    for i in range(k):
        s = (s * 31 + i) % 1000003
    return s


def quick_report():
    n = STATS["n"]
    STATS["n"] = n + 1
    return n >= 0


def slow_report():
    h = crunch(1500)
    n = STATS["n"]
    STATS["n"] = n + 1
    return h


EXPECTED = "racy"
RESOURCES = {"memory:STATS[n]"}
CALLS = [(quick_report,), (slow_report,)]
