"""State that no field of a Python object holds: ``ctypes`` values (those of ``multiprocessing.Value`` too), writable buffers,
semaphores of ``multiprocessing``, the C queue.
"""

from __future__ import annotations

import queue
import sys
from typing import Any

from pytest_toolaudit.engine.processlocks import is_process_lock
from pytest_toolaudit.engine.queues import SIMPLE

LARGEST = 1_000_000
Image = bytes | int | list[Any]
_ADDRESSES = frozenset("zZPO")  # codes of ctypes for strings, untyped pointers and Python objects
_SEMAPHORE = 1  # the kind of semaphore that another thread may give back


def _is_c_value(value: Any) -> bool:
    kinds: Any = sys.modules.get("_ctypes")
    return (
        kinds is not None
        and isinstance(value, (kinds._SimpleCData, kinds.Array, kinds.Structure, kinds.Union))
        and not _points(type(value))
    )


def _points(kind: Any) -> bool:
    """Whether an address is kept in it: put back as bytes, it would be one of memory that is free by now."""
    if any(_points(field[1]) for cls in kind.__mro__ for field in vars(cls).get("_fields_", ())):
        return True
    inner: Any = getattr(kind, "_type_", None)
    if isinstance(inner, str):
        return inner in _ADDRESSES
    return isinstance(inner, type) and (not hasattr(kind, "_length_") or _points(inner))


def c_content(value: Any) -> bytes | None:
    """The bytes of a value of ``ctypes``; None for anything else, and for what is too large or points elsewhere."""
    if _is_c_value(value) and (size := sys.modules["ctypes"].sizeof(value)) <= LARGEST:
        return bytes(sys.modules["ctypes"].string_at(sys.modules["ctypes"].addressof(value), size))
    return None


def image(value: Any) -> Image | None:
    """What such an object holds; None for anything else, and for what is too large or cannot be told."""
    if isinstance(value, memoryview):
        try:
            return bytes(value) if not value.readonly and value.contiguous and value.nbytes <= LARGEST else None
        except ValueError:  # released
            return None
    if (content := c_content(value)) is not None:
        return content
    if is_process_lock(value) and getattr(getattr(value, "_semlock", None), "kind", None) == _SEMAPHORE:
        try:
            return int(value._semlock._get_value())
        except NotImplementedError:  # macOS
            return None
    if type(value) is SIMPLE:
        return _refilled(value, None)
    return None


def _refilled(source: Any, items: list[Any] | None) -> list[Any]:
    """Empties a queue and fills it with these items, or with its own again; gives what it held."""
    held = []
    try:
        while True:
            held.append(source.get(False))
    except queue.Empty:
        for item in held if items is None else items:
            source.put(item)
    return held


def put_back(value: Any, content: Image) -> None:
    """As it was."""
    if isinstance(content, list):
        _refilled(value, content)
    elif isinstance(content, int):
        for _ in range(content - value._semlock._get_value()):
            value._semlock.release()
        while value._semlock._get_value() > content and value._semlock.acquire(False):
            continue
    elif image(value) not in (None, content):
        if isinstance(value, memoryview):
            value.cast("B")[:] = content
        else:
            sys.modules["ctypes"].memmove(sys.modules["ctypes"].addressof(value), content, len(content))
