"""The same update under one lock that was made when the module was imported."""

import threading


class Usage:
    def __init__(self):
        self.calls = 0
        self.tokens = 0


USAGE = Usage()
LOCK = threading.Lock()


def record_usage(tokens):
    with LOCK:
        n = USAGE.calls
        USAGE.calls = n + 1
        USAGE.tokens += tokens
    return "ok"


CALLS = [(record_usage, 10), (record_usage, 5)]
