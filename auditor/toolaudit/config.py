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


class Config(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """What a scan is told. Paths are relative to the folder of the pyproject.toml that says them."""

    fail_on: Annotated[FailOn, Meta(description="The lowest severity that fails the gate.")] = "error"
    runner: Annotated[RunnerChoice, Meta(description="How calls of one turn run, instead of what the framework found says.")] = "auto"
    select: Annotated[tuple[str, ...], Meta(description="Report only these codes or names.")] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Do not report these codes or names.")] = ()
    severity: Annotated[dict[str, SeverityChoice], Meta(description="Severity by code or name; `off` drops it.")] = {}
    per_file_ignores: Annotated[dict[str, tuple[str, ...]], Meta(description="Codes or names to accept, by glob over files.")] = {}
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
        message = re.sub(r" - at `\$\.?(.*)`$", r" at `\1`", str(error))
        raise ConfigurationError(f"{file.name}: [tool.toolaudit]: {message}") from None
    return msgspec.structs.replace(config, folder=str(file.parent))


def schema() -> dict[str, Any]:
    """The JSON Schema of `[tool.toolaudit]`, for editors."""
    document = msgspec.json.schema(Config)
    definition = document["$defs"]["Config"]
    definition["properties"].pop("folder")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "[tool.toolaudit]", **definition}
