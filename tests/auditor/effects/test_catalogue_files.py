"""Catalogue files: read by root on first use, the user's first, and said clearly when they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolaudit.catalogue.loader import CatalogueError
from toolaudit.catalogue.lookup import load

MINE = """
[library]
roots = ["acme"]
default = "{default}"
default_kind = "http"

[api."acme.save"]
params = ["name", "*", "force"]
blocking = true
cases = [
  {{ when = {{ force = "True" }}, effects = [{{ kind = "file", key = "{{name|none}}", mode = "w", op = "write" }}] }},
  {{ when = {{ force = ["", "False"] }}, effects = [{{ kind = "file", key = "{{name|none}}", mode = "w", op = "create" }}] }},
]

[api."acme.*_all"]
effects = [{{ kind = "http", key = "*", mode = "r", op = "list" }}]

[[group]]
of = "acme.Store"
names = ["put", "drop"]
effects = [{{ handle = true, item = "{{0}}", mode = "w", op = "write", atomic = true }}]

[api."acme.Store"]
params = ["place"]
returns = {{ type = "acme.Store", handle = "http:{{place}}" }}

[type."acme.Store"]
aliases = ["acme.impl.Store"]
bases = ["acme.Base"]
methods_read = ["get*"]
methods_update = ["swap"]
methods_pure = ["fmt"]
methods_telemetry = ["trace"]
kind = "http"
key = "{{0}}"

[type."acme.Base"]
default = "reads"
kind = "http"
key = "base"

[api."acme.Store.open_count"]
property = true
value = "fresh:id"
pure = true

[value."acme.SETTINGS"]
type = "acme.Store"
handle = "http:settings"
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("acme.save('a', force=True)", ["w write file a"]),
        ("acme.save('a')", ["w create file a"]),
        ("acme.save('a', force=p)", ["w write file a", "w create file a"]),
        ("acme.list_all()", ["r list http *"]),
        ("acme.Store('s').put(p)", ["w write http s[{p}]"]),
        ("acme.Store('s').drop(p)", ["w write http s[{p}]"]),
        ("acme.Store('s').get_it(p)", ["r read http {p}"]),
        ("acme.Store('s').swap(p)", ["rw update http {p}"]),
        ("acme.Store('s').fmt(p)", []),
        ("acme.Store('s').trace(p)", []),
        ("acme.Store('s').other(p)", ["r read http base"]),
        ("acme.SETTINGS.put(p)", ["w write http settings[{p}]"]),
        ("acme.unheard(p)", ["r read http *"]),
        ("open(acme.Store('s').open_count, 'w')", ["w write file {fresh:id}"]),
    ],
)
def test_what_a_file_says_is_what_a_call_does(body: str, expected: list[str], tmp_path: Path) -> None:
    from toolaudit.effects.summarise import footprints
    from toolaudit.model import Tool
    from toolaudit.project import open_project

    mine = _written(tmp_path, MINE.format(default="reads"))
    source = tmp_path / "src"
    source.mkdir()
    (source / "m.py").write_text(f"import acme\ndef tool(p):\n    {body}\n")
    tool = Tool(id="m.py::tool", name="tool", file="m.py", line=2, function="tool", framework="t", declared_by="d", is_async=False)
    with open_project([source], {}) as project:
        (found,) = footprints(project, [tool], load([mine]))
    assert [_shown(access) for access in found.accesses] == expected


def _shown(access: Any) -> str:
    marks = {"param": "{%s}", "any": "%s", "literal": "%s", "fresh": "{fresh:%s}"}
    key = "".join(marks[part.kind] % part.text for part in access.resource.key)
    return f"{access.mode} {access.operation} {access.resource.kind} {key}"


def test_an_alias_and_a_pattern_find_their_entries(tmp_path: Path) -> None:
    catalogue = load([_written(tmp_path, MINE.format(default="pure"))])
    assert catalogue.canonical("acme.impl.Store") == "acme.Store"
    assert catalogue.function("acme.find_all") is not None
    assert catalogue.function("acme.find_some") is None
    assert catalogue.known_type("acme.Store")
    assert "acme" in catalogue.roots
    library = catalogue.library("acme.anything")
    assert library is not None and library.default == "pure"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "roots"),
        ('roots = ["x"]\n[api', "acme.toml"),
        ('[library]\nroots = ["x"]\n[api."x.f"]\nefects = []\n', "efects"),
        ('[library]\nroots = ["x"]\n[api."x.f"]\neffects = [{ mode = "q" }]\n', "x.f"),
    ],
)
def test_a_wrong_file_is_said_with_its_name_and_entry(text: str, said: str, tmp_path: Path) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(CatalogueError, match=said):
        load([path]).function("x.f")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"gone\.toml"):
        load([tmp_path / "gone.toml"])
    _written(tmp_path, MINE.format(default="unknown"))
    assert load([tmp_path]).function("acme.save") is not None


def test_a_wrong_default_is_said_before_anything_is_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text('[library]\nroots = ["acme"]\ndefault = "sometimes"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"acme\.toml: library: Invalid enum value 'sometimes'"):
        load([path])
