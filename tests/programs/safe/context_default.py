"""A new list for each context."""

from contextvars import ContextVar

SEEN = ContextVar("seen", default=())


def visit(page):
    seen = [*SEEN.get(), page]
    SEEN.set(tuple(seen))
    return page, len(SEEN.get()) > 0


CALLS = [(visit, "a"), (visit, "b")]
