"""Redis clients: commands read or write ``redis:key``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.points.resources import touch

# Commands flagged "readonly" in Redis 7's COMMAND table that take a key first.
_READS = frozenset((
    "GET", "MGET", "GETRANGE", "STRLEN", "EXISTS", "TTL", "PTTL", "TYPE", "DUMP", "BITCOUNT", "BITPOS", "GETBIT",
    "HGET", "HMGET", "HGETALL", "HKEYS", "HVALS", "HLEN", "HEXISTS", "HSTRLEN", "HSCAN", "LRANGE", "LINDEX", "LLEN",
    "LPOS", "SMEMBERS", "SISMEMBER", "SMISMEMBER", "SCARD", "SRANDMEMBER", "SSCAN", "SINTER", "SUNION", "SDIFF",
    "ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZSCORE", "ZMSCORE", "ZCARD", "ZCOUNT", "ZRANK",
    "ZREVRANK", "ZSCAN", "PFCOUNT", "XRANGE", "XREVRANGE", "XLEN", "XREAD", "GEOPOS", "GEODIST", "GEOSEARCH",
    "OBJECT", "SUBSTR", "WATCH",
))  # fmt: skip
_WHOLE = frozenset({"KEYS", "SCAN", "DBSIZE", "RANDOMKEY"})
_NONE = frozenset((
    "PING", "ECHO", "AUTH", "HELLO", "SELECT", "CLIENT", "CONFIG", "COMMAND", "INFO", "TIME", "MULTI", "EXEC",
    "DISCARD", "UNWATCH", "SUBSCRIBE", "PUBLISH", "QUIT", "READONLY", "SCRIPT", "ROLE", "WAIT",
))  # fmt: skip
_SEVERAL = frozenset({"MGET", "DEL", "UNLINK", "EXISTS", "TOUCH", "WATCH", "SINTER", "SUNION", "SDIFF"})
_PAIRS = frozenset({"MSET", "MSETNX"})
_FLUSH = frozenset({"FLUSHDB", "FLUSHALL"})


def command(words: Sequence[Any]) -> None:
    """The points of one command."""
    if not words:
        return
    name = str(words[0]).upper().split()[0]
    if name in _NONE:
        return
    shown = " ".join(map(_text, words[:3]))[:80]
    if name in _WHOLE or name in _FLUSH:
        touch(WRITE if name in _FLUSH else READ, "redis:*", shown)
        return
    for key in _keys(name, words):
        touch(READ if name in _READS else WRITE, f"redis:{key}", shown)


def _keys(name: str, words: Sequence[Any]) -> list[str]:
    rest = [_text(word) for word in words[1:]]
    if name in ("EVAL", "EVALSHA", "FCALL"):
        count = int(rest[1]) if len(rest) > 1 and rest[1].isdigit() else 0
        return rest[2 : 2 + count] or ["*"]
    if name in _SEVERAL:
        return rest
    if name in _PAIRS:
        return rest[::2]
    return rest[:1] or ["*"]


def _text(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)


def _execute(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    command(args)


def _pipeline(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for queued in list(getattr(self, "command_stack", ())):
        command(queued[0])


CLIENTS: tuple[tuple[str, str, str, Callable[..., None]], ...] = (
    ("redis.client", "Redis", "execute_command", _execute),
    ("redis.client", "Pipeline", "execute", _pipeline),
    ("redis.client", "Pipeline", "immediate_execute_command", _execute),
    ("redis.asyncio.client", "Redis", "execute_command", _execute),
    ("redis.asyncio.client", "Pipeline", "execute", _pipeline),
    ("redis.asyncio.client", "Pipeline", "immediate_execute_command", _execute),
    ("redis.cluster", "RedisCluster", "execute_command", _execute),
)


def install(patches: Patches, noting: Callable[..., Any]) -> None:
    """Patches the clients that are loaded."""
    for module, name, method, note in CLIENTS:
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None and method in vars(cls):
            patches.wrap(cls, method, noting(note))
