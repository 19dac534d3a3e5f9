"""Small programs to footprints, through the door of the room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from toolaudit.catalogue.lookup import Catalogue, load
from toolaudit.effects.summarise import footprints
from toolaudit.model import Access, Fact, Footprint, Tool, ToolParameter
from toolaudit.project import open_project

Footprints = Callable[..., dict[str, Footprint]]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def footprint_of(tmp_path: Path, catalogue: Catalogue) -> Footprints:
    """Footprints by function, of tools in `m.py`; `files` are more modules beside it."""

    def run(
        source: str, *functions: str, files: Mapping[str, str] | None = None, when: tuple[tuple[str, str], ...] = (), **tool: Any
    ) -> dict[str, Footprint]:
        for name, text in {"m.py": source, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        with open_project([tmp_path], {}) as project:
            tools = [_tool(project, function, when, tool) for function in functions]
            return dict(zip(functions, footprints(project, tools, catalogue), strict=True))

    return run


def _tool(project: Any, function: str, when: tuple[tuple[str, str], ...], more: dict[str, Any]) -> Tool:
    head = next(head for head in project.index("m.py").functions if head.qualname == function)
    names = [p.name for p in head.parameters if p.name not in ("self", "cls") and p.kind in ("normal", "keyword", "positional")]
    defaults: dict[str, Any] = {
        "owner": head.owner or "",
        "receiver": "shared" if head.owner else "none",
        "parameters": tuple(ToolParameter(name) for name in names),
    }
    return Tool(
        id=f"m.py::{function}",
        name=head.name,
        file="m.py",
        line=head.line,
        function=function,
        framework="test",
        declared_by="decorator",
        is_async=head.is_async,
        when=tuple(Fact(*fact) for fact in when),
        **{**defaults, **more},
    )


def shown(footprint: Footprint) -> list[str]:
    """Accesses in a line each: mode, operation, kind and key; what does not count in brackets."""
    return [line(access) for access in footprint.accesses]


def key_text(access: Access) -> str:
    out = []
    for part in access.resource.key:
        if part.kind == "literal":
            out.append(part.text)
        elif part.kind == "any":
            out.append("*")
        elif part.kind == "param":
            out.append("{" + part.text + "}")
        else:
            out.append("{" + f"{part.kind}:{part.text}".rstrip(":") + "}")
    return "".join(out)


def line(access: Access) -> str:
    text = f"{access.mode} {access.operation} {access.resource.kind} {key_text(access)}"
    return text + (f" [{access.secondary}]" if access.secondary else "")


def links(footprint: Footprint) -> set[tuple[str, str, str, str]]:
    """Dependences as (read key, write key, link, window)."""
    found = set()
    for update in footprint.updates:
        read, write = footprint.accesses[update.read], footprint.accesses[update.write]
        found.add((key_text(read), key_text(write), update.link, update.window))
    return found
