"""llama-index: what `spec_functions` of each tool specification names."""

import json
import sys

from imported import modules, subclasses
from llama_index.core.tools.tool_spec.base import BaseToolSpec

tools, failed = [], []
for package in sys.argv[1:]:
    found, bad = modules(package)
    failed += bad
    for cls in subclasses(found, package, BaseToolSpec):
        for one in cls.spec_functions:
            name = one if isinstance(one, str) else one[0]
            tools.append({"name": name, "module": cls.__module__, "function": cls.__qualname__, "kind": "class"})
print(json.dumps({"tools": tools, "failed": failed}))
