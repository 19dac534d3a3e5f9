"""Which files hold a text: each is read once for the hundreds of texts that are looked for in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


class Mentions:
    """`read`: a file's bytes, empty for one that cannot be read."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._bytes: dict[str, bytes] = {}
        self._found: dict[tuple[str, bool], tuple[str, ...]] = {}

    def among(self, files: Sequence[str], text: str, everywhere: bool) -> tuple[str, ...]:
        """Those of `files`, which are always the same for `everywhere`, that hold the text."""
        known = self._found.get((text, everywhere))
        if known is None:
            data = text.encode()
            known = self._found[text, everywhere] = tuple([path for path in files if data in self._held(path)])
        return known

    def held(self, paths: Iterable[str], texts: Iterable[str]) -> set[str]:
        """Which of the texts stand in one of the files."""
        wanted = {text: text.encode() for text in texts}
        every = [self._held(path) for path in paths] if wanted else []
        return {text for text, data in wanted.items() if any(data in one for one in every)}

    def _held(self, path: str) -> bytes:
        data = self._bytes.get(path)
        if data is None:
            data = self._bytes[path] = self._read(path)
        return data

    def clear(self) -> None:
        """Let go of what was read."""
        self._bytes.clear()
