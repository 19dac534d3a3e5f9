"""Where tools begin: receivers, closures and factories, injected objects, dispatchers, decorated entries."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from toolaudit.model import ToolParameter

spec = importlib.util.spec_from_file_location("effects_helpers", Path(__file__).parent / "conftest.py")
assert spec is not None and spec.loader is not None
helpers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helpers)
shown = helpers.shown

FACTORY = """
import threading
from somewhere import Server
class Store:
    def __init__(self):
        self.d = {}
    def put(self, k):
        self.d[k] = 1
def register(app: Server, store: Store, root="/data", limit=None):
    lock = threading.Lock()
    seen = []
    def note(k):
        seen.append(k)
    def guarded(f):
        def inner(*a, **k):
            with lock:
                return f(*a, **k)
        return inner
    @app.tool()
    def put(k):
        store.put(k)
    @app.tool()
    def remember(k):
        note(k)
    @app.tool()
    @guarded
    def safe(k):
        seen.append(k)
    @app.tool()
    def write(name):
        open(root + "/" + name, "w").close()
    @app.tool()
    def count():
        nonlocal limit
        limit = 1
class Kit:
    def __init__(self):
        self.d = {}
    def tools(self):
        def put(k):
            self.d[k] = 1
        return [put]
    @staticmethod
    def free(k):
        open(k, "w").close()
    @classmethod
    def kind(cls, k):
        cls.seen = k
    def own(self, k):
        self.d[k] = 1
"""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("register.put", ["w write memory {self:d}[{k}]"]),
        ("register.remember", ["w append memory {cell:seen}"]),
        ("register.safe", ["w append memory {cell:seen}"]),
        ("register.write", ["w write file /data/{name}"]),
        ("register.count", ["w write memory {cell:limit}"]),
        ("Kit.tools.put", ["w write memory {self:d}[{k}]"]),
        ("Kit.free", ["w write file {k}"]),
        ("Kit.kind", ["w write memory {self:seen}"]),
        ("Kit.own", ["w write memory {self:d}[{k}]"]),
    ],
)
def test_tools_made_in_functions_and_classes(function: str, expected: list[str], footprint_of: Any) -> None:
    assert shown(footprint_of(FACTORY, function)[function]) == expected


def test_a_lock_of_the_factory_guards_its_tools(footprint_of: Any) -> None:
    (access,) = footprint_of(FACTORY, "register.safe")["register.safe"].accesses
    assert [lock.name for lock in access.locks] == ["lock of m.py::register"]


def test_a_receiver_made_per_call_is_owned(footprint_of: Any) -> None:
    assert shown(footprint_of(FACTORY, "Kit.own", receiver="per-call")["Kit.own"]) == []


def test_the_receiver_is_of_the_tools_own_class(footprint_of: Any) -> None:
    source = "class A:\n    def __init__(self):\n        self.d = {}\n    def run(self, k):\n        self.hook(k)\nclass B(A):\n    def hook(self, k):\n        self.d[k] = 1\n"
    (access,) = footprint_of(source, "A.run", owner="B")["A.run"].accesses
    assert access.resource.scope.endswith("::B")


@pytest.mark.parametrize(
    ("annotation", "injected", "use", "expected"),
    [
        ("dict", "state", "s['todos'] = k", ["w write memory {state:todos}"]),
        ("'Ctx'", "context", "s.state['todos'] = k", ["w write memory {state:state}[todos]"]),
        ("Session", "context", "s.add(k)", ["w append memory {state:items}"]),
        ("Run[Session]", "deps", "s.deps.add(k)", ["w append memory {state:items}"]),
        ("Run[None, Session]", "context", "s.request_context.lifespan_context.add(k)", ["w append memory {state:items}"]),
    ],
)
def test_what_the_framework_injects_is_shared(annotation: str, injected: str, use: str, expected: list[str], footprint_of: Any) -> None:
    source = f"""
from somewhere import Ctx, Run
class Session:
    def __init__(self):
        self.items = []
    def add(self, k):
        self.items.append(k)
def tool(k, s: {annotation}):
    {use}
"""
    parameters = (ToolParameter("k"), ToolParameter("s", injected=injected))
    found = shown(footprint_of(source, "tool", parameters=parameters)["tool"])
    assert [line.replace("{self:", "{state:") for line in found] == expected


def test_a_dispatcher_by_a_dotted_name(footprint_of: Any) -> None:
    source = """
def handle(request):
    args = request.params.arguments
    if request.params.name == "write":
        open(args["path"], "w").close()
    elif request.params.name == "wipe":
        open(args["path"], "a").close()
"""
    found = footprint_of(source, "handle", when=(("request.params.name", "write"),), arguments_in="request.params.arguments")["handle"]
    assert shown(found) == ["w write file {path}"]


def test_an_entry_elsewhere_and_arguments_as_keywords(footprint_of: Any) -> None:
    source = "def tool(k):\n    pass\nclass W:\n    def call(self, **kwargs):\n        open(kwargs['k'], 'w').close()\n"
    found = footprint_of(source, "tool", entry="m.py::W.call", owner="W", receiver="shared")["tool"]
    assert shown(found) == ["w write file {k}"]


def test_a_module_global_that_is_given_by_an_annotation(footprint_of: Any) -> None:
    source = "import httpx\nfrom typing import Optional\nC: Optional[httpx.Client] = None\ndef tool(u):\n    C.delete(u)\n"
    assert shown(footprint_of(source, "tool")["tool"]) == ["w delete http {u}"]


@pytest.mark.parametrize("text", ["reads[file:{p}]", "reads[file:{p}] writes[sql:t]", "pure", "writes[memory:S]"])
def test_pragmas(text: str, footprint_of: Any) -> None:
    found = footprint_of(f"def tool(p):  # toolaudit: {text}\n    import mystery\n    mystery.send(p)\n", "tool")["tool"]
    expected = {
        "reads[file:{p}]": ["r read file {p}"],
        "reads[file:{p}] writes[sql:t]": ["r read file {p}", "w write sql t"],
        "pure": [],
        "writes[memory:S]": ["w write memory S"],
    }
    assert shown(found) == expected[text]
    assert found.unknown_calls == ()
