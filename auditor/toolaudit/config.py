"""`[tool.toolaudit]` in pyproject.toml → one frozen `Config`. Unknown keys are refused with a suggestion."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from toolaudit.errors import ConfigurationError

FailOn = Literal["error", "warning", "note", "never"]
RunnerChoice = Literal["auto", "threads", "event-loop", "processes"]
SeverityChoice = Literal["error", "warning", "note", "off"]
SCHEMA_FILE = Path(__file__).with_name("configuration.schema.json")


class Config(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """What a scan is told. Paths are relative to the folder of the pyproject.toml that says them."""

    fail_on: Annotated[FailOn, Meta(description="The lowest severity that fails the gate.")] = "error"
    runner: Annotated[RunnerChoice, Meta(description="How calls of one turn run, instead of what the framework found says.")] = "auto"
    select: Annotated[tuple[str, ...], Meta(description="Report only these codes or names.")] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Do not report these codes or names.")] = ()
    severity: Annotated[dict[str, SeverityChoice], Meta(description="Severity by code or name; `off` drops it.")] = {}
    per_file_ignores: Annotated[
        dict[str, tuple[str, ...]], Meta(description="Codes or names to accept, by glob over paths (or names) of files.")
    ] = {}
    exclude: Annotated[tuple[str, ...], Meta(description="Files and folders to leave out, as in .gitignore.")] = ()
    catalogue: Annotated[tuple[str, ...], Meta(description="TOML files that describe your own APIs.")] = ()
    frameworks: Annotated[tuple[str, ...], Meta(description="TOML files that describe your own frameworks.")] = ()
    baseline: Annotated[str | None, Meta(description="The baseline file: findings in it do not fail the gate.")] = None
    strict: Annotated[bool, Meta(description="Fail (exit 4) when a file could not be read or a tool not be resolved.")] = False
    jobs: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="Worker processes; default: cores.")] = None
    max_file_size: Annotated[int, Meta(ge=1, description="Bytes; larger files are skipped, and said.")] = 1_000_000
    folder: Annotated[str, Meta(description="Set by toolaudit: where the configuration was found.")] = ""


def load(start: Path) -> Config:
    """The configuration of the nearest pyproject.toml with a `[tool.toolaudit]` table, from `start` upwards; else the defaults.

    Raises ConfigurationError for a table that cannot be understood.
    """
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        table = _table(file) if file.is_file() else None
        if table is not None:
            return read(table, file)
    return Config()


def _table(file: Path) -> Mapping[str, Any] | None:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file.name}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file.name}: not valid TOML: {error}") from None
    tool = document.get("tool")
    table = tool.get("toolaudit") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def read(table: Mapping[str, Any], file: Path) -> Config:
    """The `Config` that a table says; `file` is for messages and for relative paths.

    Raises ConfigurationError for unknown keys (with the nearest known one) and values of the wrong type.
    """
    known = [field.encode_name for field in msgspec.structs.fields(Config) if field.name != "folder"]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; known keys: {', '.join(known)}"
            raise ConfigurationError(f"{file.name}: [tool.toolaudit] has no key `{key}`{hint}")
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{file.name}: [tool.toolaudit]: {_said(str(error))}") from None
    return msgspec.structs.replace(config, folder=str(file.parent))


def _said(message: str) -> str:
    """msgspec's message with the key in words, and for a word that is none of a few, which there are."""
    found = re.fullmatch(r"(.*) - at `\$\.?(.*)`", message)
    if found is None:
        return message
    what, key = found[1], found[2].replace("[...]", ".…")
    wrong = re.fullmatch(r"Invalid enum value '(.*)'", what)
    words = _words(key)
    if wrong is None or not words:
        return f"{what} at `{key}`"
    near = difflib.get_close_matches(wrong[1], words, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(words)}"
    return f"`{key}` cannot be `{wrong[1]}`; {hint}"


def _words(key: str) -> list[str]:
    entry = schema()["properties"].get(key.split(".")[0], {})
    return list(entry.get("enum") or entry.get("additionalProperties", {}).get("enum") or ())


SCHEMA_ID = "urn:toolaudit:configuration:1"


def schema(tool: str = "toolaudit") -> dict[str, Any]:
    """The JSON Schema (draft 7, which editors of TOML know) of `[tool.toolaudit]`.

    It is also what `validate-pyproject` asks for through its entry point, with the name of the table.
    """
    definition = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Config)))["$defs"]["Config"]
    properties = {key: _without_null(value) for key, value in definition["properties"].items() if key != "folder"}
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": SCHEMA_ID, "title": f"[tool.{tool}]"}
    return {**head, "description": definition["description"], "type": "object", "properties": properties, "additionalProperties": False}


def shipped_schema() -> str:
    """The schema file that ships with the package; `python -m toolaudit.config` writes it anew."""
    return SCHEMA_FILE.read_text(encoding="utf-8")


def _without_null(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A key's schema as TOML has it: there is no null, a key is there or not."""
    options = [option for option in entry.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return dict(entry)
    kept = {name: value for name, value in entry.items() if name not in ("anyOf", "default")}
    return {**kept, **options[0]}


if __name__ == "__main__":
    import json

    SCHEMA_FILE.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
