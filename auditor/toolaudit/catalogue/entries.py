"""What stands in a catalogue file, as frozen values. FORMAT.md beside this file says what each word means."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Repeat = Literal["same", "again", "error", "unknown"]


Default = Literal["pure", "telemetry", "reads", "by-verb", "unknown"]
"""What is done by the calls of a library or the methods of a type that no entry describes."""


class EffectEntry(Struct, frozen=True, forbid_unknown_fields=True):
    kind: str = ""
    handle: bool | str = False
    key: str | None = None
    item: str | None = None
    mode: Literal["r", "w", "rw"] = "r"
    op: str = ""
    atomic: bool = False
    repeat: Repeat = "unknown"
    secondary: str = ""
    part: str = ""
    sql: str | None = None
    shell: str | None = None
    files: Literal["", "session"] = ""
    url: str | None = None
    method: str | None = None
    fails_when: str = ""
    scope: str = ""
    alone: bool = False
    message: str = ""
    entries: str = ""
    but: tuple[str, ...] = ()


class Returns(Struct, frozen=True, forbid_unknown_fields=True):
    type: str = ""
    handle: str = ""
    scope: str = ""
    base: str = ""
    item: bool = False


class LockEntry(Struct, frozen=True, forbid_unknown_fields=True):
    covers: Literal["threads", "event-loop", "processes"] = "threads"
    key: str | None = None


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """One API, or one case of it. `origin` tells an exact entry from a shorthand or a default; it is filled by the look-up, not by files."""

    params: tuple[str, ...] = ()
    effects: tuple[EffectEntry, ...] = ()
    returns: str | Returns | None = None
    value: str | None = None
    pure: bool = False
    telemetry: bool = False
    suspends: bool | None = None
    blocking: bool | None = None
    calls: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    passes: str = ""
    concurrent: bool = False
    lock: LockEntry | None = None
    acquire: bool = False
    release: bool = False
    enters: str = ""
    picks: str = ""
    row: str = ""
    rows: str = ""
    mutates: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    feeds: bool = False
    transaction: str = ""
    raises_when_absent: bool = False
    property: bool = False
    context: str = ""
    opaque: str = ""
    origin: Literal["exact", "pattern", "shorthand", "default"] = "exact"


class Case(Words, frozen=True, forbid_unknown_fields=True):
    """What an API does when its constant arguments match."""

    when: dict[str, str | list[str]] = {}


class Api(Words, frozen=True, forbid_unknown_fields=True):
    """One API, with its cases."""

    cases: tuple[Case, ...] = ()


class TypeEntry(Struct, frozen=True, forbid_unknown_fields=True):
    bases: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    default: Default | Literal[""] = ""
    methods_read: tuple[str, ...] = ()
    methods_write: tuple[str, ...] = ()
    methods_pure: tuple[str, ...] = ()
    methods_telemetry: tuple[str, ...] = ()
    methods_update: tuple[str, ...] = ()
    key: str | None = None
    kind: str = ""
    handle: str = ""
    blocking: bool | None = None
    suspends: bool | None = None
    classifier: str = ""
    alias_returns: bool = False
    lock: LockEntry | None = None


class ValueEntry(Struct, frozen=True, forbid_unknown_fields=True):
    type: str = ""
    handle: str = ""
    value: str | None = None


class Library(Struct, frozen=True, forbid_unknown_fields=True):
    roots: tuple[str, ...] = ()
    renamed: dict[str, str] = {}
    """Other import roots of the same API, with the one under which it is described."""
    default: Default = "unknown"
    default_kind: str = ""
    kind_key: str | None = None
    stub: str = ""
    version: str = ""
    blocking: bool | None = None
    suspends: bool | None = None


class Book(Struct, frozen=True):
    """One catalogue file, read."""

    library: Library
    api: dict[str, Api] = {}
    type: dict[str, TypeEntry] = {}
    value: dict[str, ValueEntry] = {}
    path: str = ""
