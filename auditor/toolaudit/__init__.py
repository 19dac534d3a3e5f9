"""toolaudit: which agent tools silently corrupt each other when their calls run in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolaudit_reports.document import ScanDocument

__version__ = "0.1.0"
__all__ = ["__version__", "scan"]


def scan(paths: str | Path | Sequence[str | Path], *, use_cache: bool = True, **options: Any) -> ScanDocument:
    """The scan document of what lies below `paths`, as `toolaudit scan` makes it.

    `options` are fields of `toolaudit.config.Config` (`runner="threads"`, `exclude=("tests",)`) over those of the nearest pyproject.toml.
    Raises ToolauditError for a path that does not exist or a configuration that cannot be used.
    """
    from toolaudit.cli.settings import settle
    from toolaudit.pipeline import scan as run

    roots = (paths,) if isinstance(paths, str | Path) else tuple(paths)
    return run(settle(tuple(Path(root) for root in roots), {**options, "no_cache": not use_cache}))
