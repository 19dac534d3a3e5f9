"""The locks are taken in sorted order."""

import threading

ACCOUNTS = {"a": 10, "b": 10}
LOCKS = {"a": threading.Lock(), "b": threading.Lock()}


def transfer(source, target, n):
    first, second = sorted((source, target))
    with LOCKS[first], LOCKS[second]:
        ACCOUNTS[source] -= n
        ACCOUNTS[target] += n
    return "ok"


CALLS = [(transfer, "a", "b", 1), (transfer, "b", "a", 2)]
