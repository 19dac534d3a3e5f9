"""A semaphore of one is a lock."""

import threading

TOTAL = {"n": 0}
GATE = threading.BoundedSemaphore(1)


def add(n):
    with GATE:
        TOTAL["n"] = TOTAL["n"] + n
    return "ok"


CALLS = [(add, 1), (add, 2), (add, 3)]
