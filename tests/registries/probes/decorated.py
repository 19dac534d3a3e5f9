"""Strands: decorated functions in modules and on classes, and modules with a `TOOL_SPEC`."""

import json
import sys

from imported import modules
from strands.tools.decorator import DecoratedFunctionTool

package = sys.argv[1]
found, failed = modules(package)
tools, seen = [], set()


def add(name: str, module: str, function: str) -> None:
    if (name, module) not in seen and module.startswith(package):
        seen.add((name, module))
        tools.append({"name": name, "module": module, "function": function})


for module in found:
    spec = getattr(module, "TOOL_SPEC", None)
    if isinstance(spec, dict) and "name" in spec:
        add(spec["name"], module.__name__, spec["name"])
    for value in list(vars(module).values()):
        holders = [value, *vars(value).values()] if isinstance(value, type) and value.__module__.startswith(package) else [value]
        for one in holders:
            if isinstance(one, DecoratedFunctionTool):
                add(one.tool_name, one._tool_func.__module__, one._tool_func.__qualname__)
print(json.dumps({"tools": tools, "failed": failed}))
