"""Which files are the project's own."""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path

_FOREIGN = tuple({str(Path(sysconfig.get_paths()[name]).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = str(Path(__file__).resolve().parent)


@cache
def is_own_file(file: str | None) -> bool:
    """Whether a module's file belongs to the project, not to the standard library or an installed package."""
    if not file or file.startswith("<") or not file.endswith(".py"):
        return False
    return not (file.startswith((*_FOREIGN, _OURS)) or "site-packages" in file or "dist-packages" in file)
