"""Threads that a call starts and joins. Depth 1."""

import threading

SEEN = {"n": 0}


def work(n):
    SEEN["n"] = SEEN["n"] + n


def spawn(n):
    thread = threading.Thread(target=work, args=(n,))
    thread.start()
    thread.join()
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:SEEN[n]"}
CALLS = [(spawn, 1), (spawn, 2)]
