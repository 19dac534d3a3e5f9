"""What is wrong with declarations themselves: names that stand on one side only, hints that the framework drops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolaudit.frameworks.discover_dispatch import Dispatch
from toolaudit.frameworks.drafts import SchemaText
from toolaudit.frameworks.hints import Written
from toolaudit.frameworks.schema import Flag, Framework
from toolaudit.frameworks.versions import Version, holds
from toolaudit.model import Place, Tool


class DiscoveryNote(Struct, frozen=True, order=True):
    """Something about a declaration that the author should know. `code` is a finding's code, empty for mere information; `name` the
    tool's as the model sees it, for a hint the rule's."""

    place: Place
    code: str
    name: str
    message: str
    tool: str = ""


def joined(declared: dict[str, list[SchemaText]], dispatch: Dispatch) -> list[DiscoveryNote]:
    """Names that stand on one side only: declared to the model but never dispatched (TA903), dispatched but never declared (TA904).

    Only where both sides are seen: a schema counts when another schema of its file is dispatched, and a branch when another branch of its
    dispatcher is declared; a dispatcher that looks names up in something that cannot be seen answers for all of them. Who
    asks leaves out the first for names under which a tool was found after all.
    """
    known = {one.text for one in dispatch.found}
    notes: list[DiscoveryNote] = []
    met = {schema.scope.path for name in known for schema in declared.get(name, ())}
    open_files = {path for path, _ in dispatch.dynamic}
    for name, listed in declared.items():
        for schema in listed:
            if name not in known and schema.scope.path in met and schema.scope.path not in open_files:
                place = Place(schema.scope.path, schema.line, schema.scope.qualname)
                message = f"`{name}` is declared to the model, but no dispatcher knows it"
                notes.append(DiscoveryNote(place, "TA903", name, message))
    declaring = {(one.site.path, one.site.facts.qualname) for one in dispatch.found if one.text in declared}
    for one in dispatch.found:
        site = (one.site.path, one.site.facts.qualname)
        if one.text not in declared and site in declaring:
            place = Place(one.site.path, one.line, one.site.facts.qualname)
            message = f"`{one.text}` is dispatched, but no schema declares it to the model"
            notes.append(DiscoveryNote(place, "TA904", one.text, message))
    return notes


def dropped(
    tools: Iterable[Tool],
    written: Mapping[str, Sequence[Written]],
    frameworks: Iterable[Framework],
    versions: Mapping[str, Version],
) -> tuple[DiscoveryNote, ...]:
    """Hints that the framework of the version found drops without a word, because they are spelled in another way (TA905)."""
    by_name = {framework.name: framework for framework in frameworks}
    notes: list[DiscoveryNote] = []
    for tool in tools:
        framework = by_name.get(tool.framework)
        version = versions.get(tool.framework)
        for one in written.get(tool.id, ()) if framework is not None else ():
            flag = next((flag for flag in framework.flag if flag.name == one.name), None) if framework is not None else None
            if flag is None or one.where != "annotations":
                continue
            right = spellings(flag, version.version if version is not None else "")
            if one.spelling not in right:
                said = f" {version.label}" if version is not None and version.certain else ""
                message = f"`{one.spelling}` is dropped silently by {tool.framework}{said}: write `{right[0] if right else flag.name}`"
                notes.append(DiscoveryNote(Place(tool.file, one.line, tool.function), "TA905", "dropped-hint", message, tool.id))
    return tuple(sorted(notes))


def spellings(flag: Flag, version: str) -> list[str]:
    """The spellings that work in a version."""
    found = [one if isinstance(one, str) else one.name for one in flag.spellings if isinstance(one, str) or holds(one.versions, version)]
    return found or ([] if flag.spellings else [flag.name])
