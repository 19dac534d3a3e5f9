"""Every catalogue file says only what FORMAT.md knows, and says it once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from toolaudit.catalogue import loader
from toolaudit.catalogue.entries import Api, Book, EffectEntry, Returns, Words
from toolaudit.model import Kind, Operation

FILES = [path for path in loader.shipped() if loader.roots_of(path)]
KINDS = set(get_args(Kind))
OPERATIONS = set(get_args(Operation))
DEFAULTS = {"pure", "telemetry", "reads", "by-verb", "unknown"}
SECONDARY = {"", "telemetry", "memo", "lazy-init", "unique-temporary", "ensure-folder"}
FRESH = {"uuid", "temporary", "random", "clock", "id"}
HOLE = re.compile(r"\{([^{}]*)\}")
BUILT_IN_HOLES = {"self", "cwd"}
READS = {"read", "check", "list"}


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(params=FILES, ids=label)
def book(request: pytest.FixtureRequest) -> Book:
    return read(request.param)


@cache
def read(path: Path) -> Book:
    return loader.read(path)


def bodies(api: Api) -> Iterator[Words]:
    yield api
    yield from api.cases


def holes_of(effect: EffectEntry) -> Iterator[str]:
    texts = [effect.key, effect.item, effect.sql, effect.shell, effect.url, effect.method]
    texts += [effect.handle] if isinstance(effect.handle, str) else []
    for text in texts:
        yield from HOLE.findall(text or "")


def known(hole: str, params: tuple[str, ...]) -> bool:
    name = hole.partition("|")[0].partition(":")[2] if hole.startswith(("class:", "day:", "json:", "name:")) else hole.partition("|")[0]
    return name in BUILT_IN_HOLES or name in params or "*" in name or name.isdigit() or name.startswith("self.")


def test_files_are_found() -> None:
    assert len(FILES) > 75


def test_library(book: Book) -> None:
    assert book.library.default in DEFAULTS
    assert book.library.default_kind in KINDS | {""}
    assert len(set(book.library.roots)) == len(book.library.roots)


def test_no_root_belongs_to_two_files() -> None:
    owners = Counter(root for path in FILES for root in loader.roots_of(path))
    assert [root for root, count in owners.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=label)
def test_no_name_is_listed_twice(path: Path) -> None:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    names = Counter(list(raw.get("api", {})))
    for group in raw.get("group", ()):
        names.update(expand(group))
    assert [name for name, count in names.items() if count > 1] == []


def expand(group: dict[str, Any]) -> Iterator[str]:
    prefixes = group.get("of", "")
    for prefix in prefixes if isinstance(prefixes, list) else [prefixes]:
        for name in group["names"]:
            yield f"{prefix}.{name}" if prefix else name


def test_names_belong_to_a_root(book: Book) -> None:
    if "builtins" in book.library.roots:
        return
    strangers = [
        name for name in [*book.api, *book.type, *book.value] if name.split(".")[0] not in {r.split(".")[0] for r in book.library.roots}
    ]
    assert strangers == []


def test_effects(book: Book) -> None:
    wrong = [
        f"{name}: {problem}"
        for name, api in book.api.items()
        for body in bodies(api)
        for effect in body.effects
        for problem in faults(effect)
    ]
    assert wrong == []


def faults(effect: EffectEntry) -> Iterator[str]:
    judged = effect.sql is not None or effect.shell is not None or effect.url is not None
    if judged:
        if effect.url is not None and not effect.method:
            yield "url without method"
        if effect.kind or effect.op or effect.key:
            yield "a sub-classifier makes kind, key and op"
    else:
        if not effect.kind and not effect.handle:
            yield "neither kind nor handle"
        if effect.op not in OPERATIONS:
            yield f"op {effect.op!r}"
        if effect.mode == "r" and effect.op not in READS | {"session"}:
            yield f"mode r with op {effect.op}"
        if effect.mode == "w" and effect.op in READS | {"consume", "opaque", "increment"}:
            yield f"mode w with op {effect.op}"
    if effect.kind and effect.kind not in KINDS:
        yield f"kind {effect.kind!r}"
    if effect.secondary not in SECONDARY:
        yield f"secondary {effect.secondary!r}"
    if effect.fails_when not in ("", "absent", "present"):
        yield f"fails_when {effect.fails_when!r}"


def test_holes_name_parameters(book: Book) -> None:
    wrong = []
    for name, api in book.api.items():
        for body in bodies(api):
            texts = [*body.calls, *body.mutates, *body.reads, body.value or ""]
            if isinstance(body.returns, Returns):
                texts += [body.returns.type, body.returns.handle, body.returns.base]
            if body.lock is not None:
                texts.append(body.lock.key or "")
            found = [hole for text in texts for hole in HOLE.findall(text)]
            found += [hole for effect in body.effects for hole in holes_of(effect)]
            wrong += [f"{name}: {{{hole}}}" for hole in found if not known(hole, api.params)]
    assert wrong == []


def test_conditions_name_parameters(book: Book) -> None:
    wrong = [f"{name}: {key}" for name, api in book.api.items() for case in api.cases for key in case.when if key not in api.params]
    assert wrong == []


def test_only_the_last_case_is_unconditional(book: Book) -> None:
    wrong = [name for name, api in book.api.items() if any(not case.when for case in api.cases[:-1])]
    assert wrong == []


def test_words(book: Book) -> None:
    wrong = []
    for name, api in book.api.items():
        for body in bodies(api):
            if body.transaction not in ("", "begin", "begin-at-write", "commit", "rollback"):
                wrong.append(f"{name}: transaction {body.transaction}")
            if body.context not in ("", "enter"):
                wrong.append(f"{name}: context {body.context}")
            if body.opaque not in ("", "code", "shell", "sql", "graph"):
                wrong.append(f"{name}: opaque {body.opaque}")
            if body.passes not in ("", "rest", "self"):
                wrong.append(f"{name}: passes {body.passes}")
            if body.pure and any(not effect.secondary for effect in body.effects):
                wrong.append(f"{name}: pure with effects")
            if isinstance(body.returns, str) and not re.fullmatch(r"fresh|shared|self|context|(arg|wraps):\d+", body.returns):
                wrong.append(f"{name}: returns {body.returns}")
            for text in [body.value or "", *(effect.key or "" for effect in body.effects)]:
                if text.startswith("fresh:") and text[6:] not in FRESH:
                    wrong.append(f"{name}: {text}")
    assert wrong == []


def test_handles_have_a_kind(book: Book) -> None:
    handles = [(name, body.returns.handle) for name, api in book.api.items() for body in bodies(api) if isinstance(body.returns, Returns)]
    handles += [(name, value.handle) for name, value in book.value.items()]
    wrong = [
        f"{name}: {handle}" for name, handle in handles if handle and not handle.startswith("{") and handle.partition(":")[0] not in KINDS
    ]
    assert wrong == []


def test_types(book: Book) -> None:
    wrong = []
    for name, entry in book.type.items():
        if entry.default not in DEFAULTS | {""}:
            wrong.append(f"{name}: default {entry.default}")
        if entry.kind not in KINDS | {""}:
            wrong.append(f"{name}: kind {entry.kind}")
        if not entry.default and not entry.bases:
            wrong.append(f"{name}: neither default nor bases")
    assert wrong == []


def test_types_that_are_returned_are_described() -> None:
    """A type of a catalogued library that nothing describes is a slip of the pen."""
    types: set[str] = set()
    returned: dict[str, str] = {}
    for path in FILES:
        one = read(path)
        types |= {*one.type, *(alias for entry in one.type.values() for alias in entry.aliases)}
        for name, api in one.api.items():
            types.add(name.rpartition(".")[0])
            for body in bodies(api):
                if isinstance(body.returns, Returns) and body.returns.type:
                    returned[body.returns.type] = name
    built_in = {"list", "dict", "set", "str", "bytes", "int", "float", "bool", "tuple"}
    assert sorted(f"{name} (of {by})" for name, by in returned.items() if name not in types | built_in and "{" not in name) == []


def test_no_alias_means_two_types() -> None:
    aliases = Counter(alias for path in FILES for entry in read(path).type.values() for alias in set(entry.aliases))
    assert [alias for alias, count in aliases.items() if count > 1] == []


def test_group_of_several_prefixes(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text('[library]\nroots = ["acme"]\n[[group]]\nof = ["acme.A", "acme.B"]\nnames = ["go"]\npure = true\n', encoding="utf-8")
    assert set(loader.read(path).api) == {"acme.A.go", "acme.B.go"}
