"""An audit in the middle of a transfer. Depth 1; nothing is lost, but a total is wrong."""

BOOK = {"a": 100, "b": 0}


def transfer(source, target, n):
    BOOK[source] = BOOK[source] - n
    BOOK[target] = BOOK[target] + n
    return "moved"


def audit():
    x = BOOK["a"]
    y = BOOK["b"]
    return x + y


EXPECTED = "racy"
RESOURCES = {"memory:BOOK[a]", "memory:BOOK[b]"}
CALLS = [(transfer, "a", "b", 30), (audit,)]
