"""Names that mean an access: methods of containers, locks, clocks and database cursors, readers."""

from __future__ import annotations

from collections import deque

CONTAINER_READS = frozenset((
    "copy", "count", "difference", "elements", "get", "index", "intersection", "isdisjoint", "issubset",
    "issuperset", "items", "keys", "most_common", "symmetric_difference", "union", "values",
))  # fmt: skip
CONTAINER_WRITES = frozenset((
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault",
    "sort", "subtract", "symmetric_difference_update", "update",
))  # fmt: skip
DATABASE_METHODS = frozenset((
    "commit", "execute", "executemany", "executescript", "fetchall", "fetchmany", "fetchone", "rollback",
))  # fmt: skip
READING_BUILTINS = frozenset((
    "all", "any", "dict", "enumerate", "frozenset", "len", "list", "max", "min", "repr", "set", "sorted", "str",
    "sum", "tuple", "zip",
))  # fmt: skip
LOCK_METHODS = frozenset({"acquire", "release", "locked"})
CLOCK_METHODS = frozenset({"now", "utcnow", "today"})
PROCESS_ATTRIBUTES = frozenset({"stdout", "stderr", "stdin", "argv", "path"})
CONTAINERS = (list, dict, set, deque, bytearray)
