"""Toolkits, constructed with all that can be enabled: agno's `functions`, camel's `get_tools()`, griptape's activities.

Arguments: the package, the base class (`module:Name`).
"""

import inspect
import json
import signal
import sys

from imported import complete_environment, made, modules, subclasses

package, where = sys.argv[1:3]
found, failed = modules(package)
base = getattr(sys.modules[where.partition(":")[0]], where.partition(":")[2])
complete_environment()
signal.signal(signal.SIGALRM, signal.default_int_handler)
tools = []
for cls in subclasses(found, package, base):
    if inspect.isabstract(cls):
        continue
    names: list[str] = []
    owner = cls
    try:
        signal.alarm(5)  # a constructor that waits for a service
        if hasattr(base, "activities"):
            names = [name for name, value in inspect.getmembers(cls, callable) if getattr(value, "is_activity", False)]
        else:
            kit = made(cls)
            owner = type(kit)  # a class may make another's instances
            if hasattr(kit, "get_tools"):
                names = [tool.get_function_name() for tool in kit.get_tools()]
            else:
                names = sorted({*kit.functions, *getattr(kit, "async_functions", {})})
    except BaseException as error:
        failed.append(f"{cls.__module__}.{cls.__qualname__}: {type(error).__name__}: {str(error)[:120]}")
        tools.append({"name": "", "module": cls.__module__, "function": cls.__qualname__, "kind": "unknown"})
        continue
    finally:
        signal.alarm(0)
    for name in names:
        # An inherited tool is its base's, under every subclass.
        home = next((one for one in owner.__mro__ if name in vars(one)), owner)
        home = home if home.__module__.startswith(package) else owner
        tools.append({"name": name, "module": home.__module__, "function": home.__qualname__, "kind": "class"})
tools = [one for at, one in enumerate(tools) if one not in tools[:at]]
print(json.dumps({"tools": tools, "failed": failed}))
