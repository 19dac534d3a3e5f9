"""Eight calls with different keys and one common lock."""

import threading

LEDGER = {}
LOCK = threading.Lock()


def charge(account, n):
    with LOCK:
        LEDGER[account] = LEDGER.get(account, 0) + n
    return "ok"


CALLS = [(charge, f"a{i % 4}", i) for i in range(8)]
