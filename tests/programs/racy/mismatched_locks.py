"""Both hold a lock, but not the same one. Depth 1."""

import threading

TOTAL = {"n": 0}
READERS, WRITERS = threading.Lock(), threading.Lock()


def add(n):
    with WRITERS:
        TOTAL["n"] = TOTAL["n"] + n
    return "ok"


def add_twice(n):
    with READERS:
        TOTAL["n"] = TOTAL["n"] + 2 * n
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:TOTAL[n]"}
CALLS = [(add, 1), (add_twice, 2)]
