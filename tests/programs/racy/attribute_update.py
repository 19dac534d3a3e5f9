"""Two attribute updates of a shared object. n = 2 calls, k = 4 conflicting accesses each, depth 1."""


class Usage:
    def __init__(self):
        self.calls = 0
        self.tokens = 0


USAGE = Usage()


def record_usage(tokens):
    n = USAGE.calls
    USAGE.calls = n + 1
    USAGE.tokens += tokens
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:self:calls"}
CALLS = [(record_usage, 10), (record_usage, 5)]
