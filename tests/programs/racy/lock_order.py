"""Two locks in opposite orders. Depth 1: each call holds one and waits for the other."""

import threading

ACCOUNTS = {"a": 10, "b": 10}
LOCKS = {"a": threading.Lock(), "b": threading.Lock()}


def transfer(source, target, n):
    with LOCKS[source]:
        with LOCKS[target]:
            ACCOUNTS[source] -= n
            ACCOUNTS[target] += n
    return "ok"


EXPECTED = "deadlock"
CALLS = [(transfer, "a", "b", 1), (transfer, "b", "a", 2)]
