"""The command line over the configuration: one `Request` for the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from toolaudit import config as configuration
from toolaudit.errors import ToolauditError
from toolaudit.request import Comparison, Request


def settle(paths: tuple[Path, ...], options: Mapping[str, object]) -> Request:
    """What to scan and how: the nearest pyproject.toml of the first path, then the options that were given.

    Raises ToolauditError for a path that does not exist.
    """
    for path in paths:
        if not path.exists():
            raise ToolauditError(f"{path}: no such file or folder")
    config = configuration.load(paths[0])
    changes: dict[str, Any] = {}
    for name in ("fail_on", "runner", "jobs", "strict"):
        if options.get(name) is not None:
            changes[name] = options[name]
    for name in ("select", "ignore", "exclude"):
        given = options.get(name)
        if isinstance(given, tuple) and given:
            changes[name] = split(given)
    if options.get("baseline") is not None:
        changes["baseline"] = str(options["baseline"])
    elif config.baseline:
        changes["baseline"] = str(Path(config.folder) / config.baseline)
    compare = options.get("compare")
    return Request(
        roots=paths,
        config=msgspec.structs.replace(config, **changes),
        use_cache=not options.get("no_cache"),
        compare=comparison(str(compare)) if compare else None,
    )


def configured(key: str) -> tuple[Path, ...]:
    """The files that the working folder's configuration names under `frameworks` or `catalogue`.

    Raises ToolauditError for a configuration that cannot be understood.
    """
    config = configuration.load(Path())
    return tuple(_from_here(Path(config.folder) / name) for name in getattr(config, key))


def _from_here(file: Path) -> Path:
    """Without what is of this machine, where the file lies below the working folder."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def split(values: Iterable[str]) -> tuple[str, ...]:
    """Comma-separated lists, given once or several times, as one tuple."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def comparison(text: str) -> Comparison:
    """`mcp=1.30:2.3` as a framework and two versions.

    Raises ToolauditError for anything else.
    """
    framework, equals, versions = text.partition("=")
    old, colon, new = versions.partition(":")
    if not (equals and colon and framework and old and new):
        raise ToolauditError(f"--compare {text}: expected FRAMEWORK=OLD:NEW, for example mcp=1.30:2.3")
    for version in (old, new):
        if not _is_version(version):
            raise ToolauditError(f"--compare {text}: `{version}` is no version")
    return Comparison(framework.strip(), old.strip(), new.strip())


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
