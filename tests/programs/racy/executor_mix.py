"""Each call fans out to threads of its own, which update what all share. Depth 1."""

from concurrent.futures import ThreadPoolExecutor

HITS = {"n": 0}


def fetch(n):
    seen = HITS["n"]
    HITS["n"] = seen + n
    return n


def crawl(n):
    with ThreadPoolExecutor(2) as pool:
        return pool.submit(fetch, n).result()


EXPECTED = "racy"
RESOURCES = {"memory:HITS[n]"}
CALLS = [(crawl, 1), (crawl, 2)]
