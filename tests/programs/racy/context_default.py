"""A contextvar whose default is a list: every context shares it. Depth 1."""

from contextvars import ContextVar

SEEN = ContextVar("seen", default=[])


def visit(page):
    seen = SEEN.get()
    number = len(seen)
    seen.append(page)
    return number


EXPECTED = "racy"
RESOURCES = {"memory:SEEN"}
CALLS = [(visit, "a"), (visit, "b")]
