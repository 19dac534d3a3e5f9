"""Semantic Kernel: methods and functions that carry `__kernel_function__`."""

import inspect
import json
import sys

from imported import modules

package = sys.argv[1]
found, failed = modules(package)
tools, seen = [], set()
for module in found:
    for value in list(vars(module).values()):
        own = isinstance(value, type) and value.__module__.startswith(package)
        for one in (value, *(vars(value).values() if own else ())):
            plain = inspect.unwrap(one) if inspect.isroutine(one) else None
            if plain is not None and vars(one).get("__kernel_function__") if inspect.isfunction(one) else False:
                where = (plain.__module__, plain.__qualname__)
                if where not in seen and where[0].startswith(package):
                    seen.add(where)
                    tools.append({"name": one.__kernel_function_name__, "module": where[0], "function": where[1]})
print(json.dumps({"tools": tools, "failed": failed}))
