"""The same lock, once through with and once through acquire and release."""

import threading

TOTAL = {"n": 0}
LOCK = threading.Lock()


def add(n):
    with LOCK:
        TOTAL["n"] = TOTAL["n"] + n
    return "ok"


def add_twice(n):
    LOCK.acquire()
    try:
        TOTAL["n"] = TOTAL["n"] + 2 * n
    finally:
        LOCK.release()
    return "ok"


CALLS = [(add, 1), (add_twice, 2)]
