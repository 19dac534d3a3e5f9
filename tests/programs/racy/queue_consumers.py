"""Two consumers of a shared queue that look before they take. Depth 1; one of them waits for ever."""

import queue

JOBS = queue.Queue()


PENDING = {"n": 1}


def state():
    while not JOBS.empty():
        JOBS.get()
    JOBS.put("only")
    PENDING["n"] = 1


def take():
    if PENDING["n"] == 0:
        return None
    PENDING["n"] -= 1
    return JOBS.get()


EXPECTED = "deadlock"
CALLS = [(take,), (take,)]
