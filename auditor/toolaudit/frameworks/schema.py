"""What a framework's file may say, as frozen values. The format and its meaning are in FORMAT.md."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from toolaudit.model import Runner

DeclareKind = Literal[
    "decorator",
    "decorator-method",
    "base-class",
    "factory",
    "registration",
    "callables",
    "toolkit",
    "module",
    "dispatcher",
    "schema",
    "registry",
    "hook",
]
Failure = Literal["isolated", "cancels-siblings", "siblings-finish", "aborts", "unknown"]
Order = Literal["emission", "completion", "call-id", "per-request", "unknown"]
Workers = int | Literal["asyncio", "anyio", "unbounded", "unknown"]


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """A dict literal that declares a tool: paths (`function.name`) that must be there, and where name and parameters stand."""

    requires: tuple[str, ...]
    name: str
    description: str = ""
    parameters: str = ""
    equals: dict[str, str] = {}


class Declare(Struct, frozen=True, forbid_unknown_fields=True):
    kind: DeclareKind
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    """Attributes of the types that have the methods as well: `server.local_provider.add_tool(fn)`."""
    keywords: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    callables: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    variable: str = ""
    variables: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    name: tuple[str, ...] = ("keyword:name", "function")
    description: tuple[str, ...] = ("keyword:description", "docstring")
    receiver: Literal["shared", "per-call"] = "shared"
    arguments: str = ""
    abstract: tuple[str, ...] = ()
    marker: str = ""
    """A word that stands in every file with such a declaration, where the declared names are too common to look for."""
    own: bool = False
    """Of `base-class`: only where the base is a class of the project's own."""
    returned: bool = False
    """Of `decorator`: the decorated function makes the tool, which is the function that it returns."""
    public: bool = False
    """Of `toolkit`: every public method is a tool, but those of `blocked`."""
    blocked: tuple[str, ...] = ()
    versions: str = ""
    note: str = ""


class Inject(Struct, frozen=True, forbid_unknown_fields=True):
    by: Literal["type", "name", "annotated", "default"]
    match: tuple[str, ...]
    what: str = field(name="as")
    shared: str = ""
    place: str = ""


class Spelling(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    versions: str = ""


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    kind: Literal["hint", "switch"]
    where: tuple[Literal["keyword", "annotations", "field", "method", "agent", "run"], ...]
    spellings: tuple[str | Spelling, ...] = ()
    default: bool | int | str | None = None
    runs: dict[str, Runner] = {}
    versions: str = ""
    meaning: str = ""


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    entry: str
    sync: Runner
    asynchronous: Runner = field(name="async")
    versions: str = ""
    sync_workers: Workers = "unknown"
    async_workers: Workers = "unknown"
    failure: Failure = "unknown"
    order: Order = "unknown"
    timeout: str = ""
    note: str = ""
    source: str = ""


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    title: str
    roots: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    newest: str = ""
    newest_of: dict[str, str] = {}
    """Distributions that are numbered apart from the first."""
    oldest: str = ""
    markers: tuple[str, ...] = ()
    source: str = ""
    api: bool = False
    """An API client: it returns the calls, and the application's own code runs them."""


class Framework(Struct, frozen=True, forbid_unknown_fields=True):
    """One framework: what declares its tools and how it runs the calls of one turn."""

    framework: Head
    declare: tuple[Declare, ...] = ()
    inject: tuple[Inject, ...] = ()
    flag: tuple[Flag, ...] = ()
    run: tuple[Run, ...] = ()

    @property
    def name(self) -> str:
        return self.framework.name
