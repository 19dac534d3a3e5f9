"""What to install for a module that is missing, as the project's own distribution says it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def to_install(module: str, importer: str) -> str:
    """`pkg[extra]` where an extra of the distribution of `importer` requires the module, what it requires, else the module's own name."""
    top = module.partition(".")[0]
    for distribution in packages_distributions().get(importer.partition(".")[0], ()):
        for requirement in _requirements(distribution):
            name = _NAME.match(requirement)
            if name is not None and top.lower() in (*re.split(r"[._-]", name[0].lower()), _plain(name[0])):
                extra = _EXTRA.search(requirement)
                return f"{distribution}[{extra[1]}]" if extra else name[0]
    return top


def _plain(name: str) -> str:
    return re.sub(r"[._-]+", "_", name).lower()


def _requirements(distribution: str) -> list[str]:
    try:
        return requires(distribution) or []
    except PackageNotFoundError:
        return []
