"""Names for deep links: stable, unique, and harmless whatever they are made from."""

from __future__ import annotations

import re


class Anchors:
    """Gives each key one id; the same key always gets the same, two keys never do."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._by_key: dict[str, str] = {}
        self._taken: set[str] = set()

    def name(self, key: str) -> str:
        """The id for `key`: its letters and digits, with a number when another key came to the same."""
        if key not in self._by_key:
            slug = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:80] or "x"
            name, number = f"{self._prefix}-{slug}", 1
            while name in self._taken:
                number += 1
                name = f"{self._prefix}-{slug}-{number}"
            self._taken.add(name)
            self._by_key[key] = name
        return self._by_key[key]

    def known(self, key: str) -> str | None:
        """The id that `key` has, if any."""
        return self._by_key.get(key)
