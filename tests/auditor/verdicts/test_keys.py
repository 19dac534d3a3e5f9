"""When two keys alias."""

from __future__ import annotations

import pytest

from toolaudit.verdicts.keys import key_text, overlap, resource_text

CASES = [
    # a, b, what is said
    ("file:notes.json", "file:notes.json", "always"),
    ("file:notes.json", "file:todo.json", "never"),
    ("file:a.json", "file:a.json.bak", "never"),
    ("file:{path}", "file:{path}", "a.path == b.path"),
    ("file:{path}", "file:{filename}", "a.path == b.filename"),
    ("file:{path}", "file:notes.json", 'a.path == "notes.json"'),
    ("file:{base}/{name}.json", "file:{base}/{name}.json", "a.base == b.base and a.name == b.name"),
    ("file:data/{name}.json", "file:data/{title}.json", "a.name == b.title"),
    ("file:data/{name}.json", "file:data/{title}.txt", "never"),
    ("file:data/{name}.json", "file:logs/{title}.json", "never"),
    ("file:{path}.tmp", "file:{path}", "never"),
    ("file:{self.base}/{name}", "file:{self.base}/{title}", "a.name == b.title"),
    ("file:{self.base}/index.json", "file:{self.base}/index.json", "always"),
    ("file:{base}/{name}.json", "file:{path}", '"{a.base}/{a.name}.json" == b.path'),
    ("file:{new}", "file:{new}", "never"),
    ("file:{new}.png", "file:{path}", "never"),
    ("file:data/{new}", "file:data/*", "always"),
    ("file:data/*", "file:data/{name}.json", "always"),
    ("file:logs/*", "file:data/{name}.json", "never"),
    ("file:{folder}/*", "file:{path}", "b.path lies in a.folder"),
    ("file:{?}", "file:notes.json", "may"),
    ("file:*", "file:notes.json", "always"),
    ("file:{folder}/*", "file:{folder}/{name}.json", "a.folder == b.folder"),
    ("file:notes.json", "sql:notes.json", "never"),
    ("memory:{global.CACHE}", "memory:{global.CACHE}", "always"),
    ("memory:{global.CACHE}", "memory:{global.OTHER}", "never"),
    ("memory:{self.items}", "memory:{self.other}", "never"),
    ("memory:{self.items}[{key}]", "memory:{self.items}[{name}]", "a.key == b.name"),
    ("memory:{self.items}", "memory:{self.items}[{name}]", "always"),
    ("memory:{self.items}.first", "memory:{self.items}.second", "never"),
    ("sql:users", "sql:users", "always"),
    ("sql:users", "sql:orders", "never"),
    ("sql:", "sql:orders", "always"),
    ("sql:users[{id}]", "sql:users", "always"),
    ("redis:{key}", "redis:{key}{field}", "a.key == b.key"),
    ("redis:user:{id}", "redis:user:{id}", "a.id == b.id"),
    ("redis:user:{id}", "redis:order:{id}", "never"),
    ("http:https://x.org/items", "http:https://x.org/items/{id}", "may"),
    ("http:https://x.org/items", "http:https://y.org/items", "never"),
    ("http:{url}", "http:{url}", "a.url == b.url"),
    ("env:HOME", "env:PATH", "never"),
    ("env:HOME", "env:{name}", '"HOME" == b.name'),
    ("cwd:", "cwd:", "always"),
]


@pytest.mark.parametrize(("a", "b", "said"), CASES)
def test_two_keys(resource_of, a: str, b: str, said: str) -> None:
    assert overlap(resource_of(a), resource_of(b)).when == said


@pytest.mark.parametrize(("a", "b", "said"), CASES)
def test_the_other_way_round_agrees(resource_of, a: str, b: str, said: str) -> None:
    there, back = overlap(resource_of(a), resource_of(b)), overlap(resource_of(b), resource_of(a))
    assert there.relation == back.relation


BELOW = [
    ("dir:data", "file:data/{name}.json", "always"),
    ("dir:data", "file:data/notes.json", "always"),
    ("dir:data", "file:database.json", "never"),
    ("dir:logs", "file:data/notes.json", "never"),
    ("dir:{folder}", "file:{path}", "b.path lies in a.folder"),
    ("dir:{folder}", "file:{base}/{name}", "a.folder == b.base"),
    ("dir:{folder}", "file:data/notes.json", '"data/notes.json" lies in a.folder'),
    ("dir:data/{x}", "file:{path}", 'b.path lies in "data/{a.x}"'),
    ("dir:data", "dir:data/sub", "always"),
]


@pytest.mark.parametrize(("folder", "file", "said"), BELOW)
def test_a_folder_and_what_lies_below(resource_of, folder: str, file: str, said: str) -> None:
    assert overlap(resource_of(folder), resource_of(file), contents=True).when == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [("memory", "never"), ("sql", "may"), ("file", "always")],
)
def test_another_owner(resource_of, kind: str, said: str) -> None:
    one, other = resource_of(f"{kind}:x", "first"), resource_of(f"{kind}:x", "second")
    assert overlap(one, other).when == said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("file:{path}", "file:param:path"),
        ("file:notes.json", "file:notes.json"),
        ("file:{base}/{name}.json", "file:{base}/{name}.json"),
        ("memory:{self.items}", "memory:self:items"),
        ("memory:{global.CACHE}", "memory:CACHE"),
        ("memory:{global.CACHE}[{key}]", "memory:CACHE[{key}]"),
        ("memory:{self.items}[{key}]", "memory:self:items[{key}]"),
        ("memory:{state.todos}", "memory:state:todos"),
        ("sql:", "sql:*"),
        ("file:{?}", "file:unknown (computed)"),
        ("file:{new}", "file:new (uuid)"),
    ],
)
def test_the_name_of_a_resource(resource_of, text: str, shown: str) -> None:
    assert resource_text(resource_of(text)) == shown
    assert shown.endswith(":" + key_text(resource_of(text)))
