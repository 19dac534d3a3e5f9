"""Concrete subclasses of a tool class, and its instances in modules. Arguments: the class (`module:Name`), the packages."""

import importlib
import inspect
import json
import sys

from imported import modules, subclasses

where, *packages = sys.argv[1:]
package = tuple(packages)
base = getattr(importlib.import_module(where.partition(":")[0]), where.partition(":")[2])  # before what is missing is stood in for
found, failed = [], []
for one in packages:
    more, bad = modules(one)
    found, failed = found + more, failed + bad


def named(cls: type) -> str:
    fields = getattr(cls, "model_fields", {})
    default = fields["name"].default if "name" in fields else getattr(cls, "name", "")
    return default if isinstance(default, str) else ""


def function(tool: object) -> object:
    for name in ("func", "coroutine", "_tool_func", "fn", "function", "original_function", "forward"):
        value = getattr(tool, name, None)
        if inspect.isfunction(value) or inspect.ismethod(value):
            return inspect.unwrap(value)
    return None


tools = []
for cls in subclasses(found, package, base):
    if not inspect.isabstract(cls):
        tools.append({"name": named(cls), "module": cls.__module__, "function": cls.__qualname__, "kind": "class"})
seen: set[int] = set()
for module in found:
    for value in list(vars(module).values()):
        if isinstance(value, base) and id(value) not in seen:
            seen.add(id(value))
            held = function(value)
            at = getattr(held, "__module__", None) or module.__name__
            if at.startswith(package):
                name = getattr(value, "tool_name", "") or getattr(value, "name", "")
                tools.append({"name": name, "module": at, "function": getattr(held, "__qualname__", ""), "kind": "instance"})
print(json.dumps({"tools": tools, "failed": failed}))
