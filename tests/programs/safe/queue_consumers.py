"""get_nowait decides and takes in one step."""

import queue

JOBS = queue.Queue()


def state():
    while not JOBS.empty():
        JOBS.get()
    JOBS.put("only")


def take():
    try:
        return JOBS.get_nowait()
    except queue.Empty:
        return None


CALLS = [(take,), (take,)]
