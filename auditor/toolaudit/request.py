"""What a scan is asked for: the roots, the settled configuration, and what it may keep."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from toolaudit.config import Config


class Comparison(Struct, frozen=True):
    """A framework before and after an upgrade."""

    framework: str
    old: str
    new: str


class Request(Struct, frozen=True):
    """One scan. `roots` are as the user wrote them."""

    roots: tuple[Path, ...]
    config: Config = Config()
    use_cache: bool = True
    compare: Comparison | None = None
