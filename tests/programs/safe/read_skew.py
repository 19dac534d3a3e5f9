"""A consistent copy is published in one assignment."""

import threading

LOCK = threading.Lock()
BOOK = {"now": (100, 0)}


def transfer(n):
    with LOCK:
        a, b = BOOK["now"]
        BOOK["now"] = (a - n, b + n)
    return "moved"


def audit():
    a, b = BOOK["now"]
    return a + b


CALLS = [(transfer, 30), (audit,), (transfer, 20)]
