"""The threads only compute; the call itself adds up under a lock."""

import threading
from concurrent.futures import ThreadPoolExecutor

HITS = {"n": 0}
LOCK = threading.Lock()


def crawl(n):
    with ThreadPoolExecutor(2) as pool:
        found = sum(pool.map(abs, [n, n]))
    with LOCK:
        HITS["n"] += found
    return found


CALLS = [(crawl, 1), (crawl, 2)]
