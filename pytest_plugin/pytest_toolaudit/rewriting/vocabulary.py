"""Names that mean an access: methods of containers, locks, clocks and database cursors, readers."""

from __future__ import annotations

from collections import deque
from operator import attrgetter, itemgetter
from types import BuiltinMethodType

from pytest_toolaudit.engine.turn import READ, WRITE

CONTAINER_READS = frozenset((
    "__contains__", "__getitem__", "__iter__", "__len__", "copy", "count", "difference", "elements", "empty", "full", "get", "index", "intersection", "is_set", "isdisjoint", "issubset",
    "issuperset", "items", "keys", "most_common", "qsize", "symmetric_difference", "union", "values", "wait",
))  # fmt: skip
CONTAINER_WRITES = frozenset((
    "__delitem__", "__setitem__", "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "get_nowait", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "put", "put_nowait", "remove", "reverse", "rotate", "set",
    "setdefault", "sort", "subtract", "symmetric_difference_update", "update",
))  # fmt: skip
DATABASE_METHODS = frozenset((
    "commit", "execute", "executemany", "executescript", "fetchall", "fetchmany", "fetchone", "rollback",
))  # fmt: skip
READING_BUILTINS = frozenset((
    "all", "any", "bool", "dict", "enumerate", "filter", "format", "frozenset", "iter", "len", "list", "map", "max", "min", "print", "repr", "reversed",
    "set", "sorted", "str", "sum", "tuple", "zip",
))  # fmt: skip
TAKING_METHODS = frozenset((
    "difference", "difference_update", "extend", "extendleft", "format", "intersection", "intersection_update", "isdisjoint", "issubset", "issuperset", "join",
    "subtract", "symmetric_difference", "symmetric_difference_update", "union", "update", "writelines",
))  # fmt: skip
SHOWING_BUILTINS = frozenset({"format", "print", "repr", "str"})  # they look at what is in what is in it, too
SHOWING_METHODS = frozenset({"dict", "json", "model_copy", "model_dump", "model_dump_json", "to_dict", "to_json"})
CHANGING_FUNCTIONS = frozenset((
    "delitem", "heapify", "heappop", "heappush", "heappushpop", "heapreplace", "iadd", "iand", "iconcat", "insort", "insort_left",
    "insort_right", "ior", "isub", "ixor", "setitem", "shuffle",
))  # fmt: skip
CACHES = frozenset({"cache", "lru_cache", "cached"})
DYNAMIC = {"getattr": READ, "hasattr": READ, "setattr": WRITE, "delattr": WRITE}
RUNNING = {"exec": WRITE, "eval": READ}
STREAM_METHODS = frozenset((
    "flush", "getvalue", "read", "readline", "readlines", "seek", "tell", "truncate", "write", "writelines",
))  # fmt: skip
SPECIAL = {"__getattribute__": READ, "__setattr__": WRITE, "__delattr__": WRITE}
GENERATOR_METHODS = frozenset({"__anext__", "__next__", "aclose", "asend", "athrow", "send", "throw"})
ADVANCING = frozenset({"anext", "next"})
LOCK_METHODS = frozenset({"acquire", "release", "locked"})
CLOCK_METHODS = frozenset({"now", "utcnow", "today"})
PROCESS_ATTRIBUTES = frozenset({"stdout", "stderr", "stdin", "argv", "path"})
CONTAINERS = (list, dict, set, deque, bytearray)
LOOKING = (attrgetter, itemgetter, BuiltinMethodType)
