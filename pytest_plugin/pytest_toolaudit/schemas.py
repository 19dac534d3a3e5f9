"""JSON schemas → Hypothesis strategies of small values that collide often.

Own and short instead of hypothesis-jsonschema, which fills a schema's whole space: keys of two batches would hardly ever meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
COLLIDING = st.sampled_from(["a", "b"])  # few values, so that keys collide often
_FORMATS: Mapping[str, Callable[[], st.SearchStrategy[str]]] = {
    "date": lambda: st.dates().map(str),
    "time": lambda: st.times().map(lambda time: f"{time.isoformat()}Z"),
    "date-time": lambda: st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "uuid": lambda: st.uuids().map(str),
    "email": lambda: COLLIDING.map(lambda name: f"{name}@example.com"),
    "uri": lambda: COLLIDING.map(lambda name: f"https://example.com/{name}"),
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
}


def from_schema(schema: Any, chosen: Mapping[str, st.SearchStrategy[Any]] | None = None) -> st.SearchStrategy[Any]:
    """Values of a JSON schema (draft 2020-12 as models declare tools; `type` may be a Python type).

    `chosen` are strategies by property of the outermost object, above what the schema says. Raises ValueError for a reference that
    leads nowhere in the schema itself.
    """
    return _Reader(schema if isinstance(schema, Mapping) else {}).read(schema, chosen)


class _Reader:
    """One document: what `$ref` refers to, each made once, because schemas may refer to themselves."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.referred: dict[str, st.SearchStrategy[Any]] = {}

    def read(self, schema: Any, chosen: Mapping[str, st.SearchStrategy[Any]] | None = None) -> st.SearchStrategy[Any]:
        """The strategy of a part of the document."""
        if not isinstance(schema, Mapping):
            return st.none() if schema is not True else COLLIDING
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        if "const" in schema:
            return st.just(schema["const"])
        if schema.get("enum"):
            return st.sampled_from(list(schema["enum"]))
        if schema.get("allOf"):
            return self.read(self._joined(schema), chosen)
        for name in ("anyOf", "oneOf"):
            if schema.get(name):
                return st.one_of([self.read({**_outer(schema, name), **option}) for option in schema[name]])
        kind = schema.get("type")
        if isinstance(kind, list):
            return st.one_of([self.read({**schema, "type": one}) for one in kind])
        if kind in ("object", dict) or (kind is None and "properties" in schema):
            return self._object(schema, chosen or {})
        if kind in ("array", list):
            return self._array(schema)
        return _plain(kind, schema)

    def _reference(self, path: str) -> st.SearchStrategy[Any]:
        if path not in self.referred:
            self.referred[path] = st.deferred(lambda: self.read(self._resolved(path)))
        return self.referred[path]

    def _resolved(self, path: str) -> Any:
        found: Any = self.document
        for part in path.removeprefix("#").strip("/").split("/") if path != "#" else ():
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise ValueError(f"the schema refers to {path!r}, which it does not hold")
            found = found[name]
        return found

    def _joined(self, schema: Schema) -> Schema:
        joined: dict[str, Any] = _outer(schema, "allOf")
        for part in schema["allOf"]:
            one = self._resolved(part["$ref"]) if isinstance(part, Mapping) and "$ref" in part else part
            one = self._joined(one) if isinstance(one, Mapping) and one.get("allOf") else one
            properties = {**joined.get("properties", {}), **one.get("properties", {})}
            required = [*joined.get("required", ()), *one.get("required", ())]
            joined = {**joined, **one} | ({"properties": properties, "required": required} if properties else {})
        return joined

    def _object(self, schema: Schema, chosen: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
        known = schema.get("properties", {})
        needed = {*schema.get("required", ()), *chosen}
        all_of_them = {name: chosen[name] if name in chosen else self.read(inner) for name, inner in known.items()}
        required = {name: strategy for name, strategy in all_of_them.items() if name in needed}
        optional = {name: strategy for name, strategy in all_of_them.items() if name not in needed}
        if not known and isinstance(schema.get("additionalProperties"), Mapping):
            return st.dictionaries(COLLIDING, self.read(schema["additionalProperties"]), max_size=2)
        return st.fixed_dictionaries(required, optional=optional)

    def _array(self, schema: Schema) -> st.SearchStrategy[list[Any]]:
        if schema.get("prefixItems"):
            return st.tuples(*map(self.read, schema["prefixItems"])).map(list)
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", math.inf), max(3, least))
        unique = repr if schema.get("uniqueItems") else None
        return st.lists(self.read(schema.get("items", {"type": "string"})), min_size=least, max_size=int(most), unique_by=unique)


def _outer(schema: Schema, name: str) -> dict[str, Any]:
    """What stands beside a combination holds for each of its parts."""
    return {key: value for key, value in schema.items() if key not in (name, "title", "description", "default")}


def _plain(kind: Any, schema: Schema) -> st.SearchStrategy[Any]:
    if kind in ("integer", int):
        return _integers(schema)
    if kind in ("number", float):
        low, high = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        return st.floats(
            schema.get("minimum", low), schema.get("maximum", high), exclude_min=low is not None, exclude_max=high is not None,
            allow_nan=False, allow_infinity=False,
        )  # fmt: skip
    if kind in ("boolean", bool):
        return st.booleans()
    return st.none() if kind == "null" else _text(schema)


def _integers(schema: Schema) -> st.SearchStrategy[int]:
    step = int(schema.get("multipleOf", 1))
    lows = [math.ceil(schema["minimum"])] if "minimum" in schema else []
    lows += [math.floor(schema["exclusiveMinimum"]) + 1] if "exclusiveMinimum" in schema else []
    highs = [math.floor(schema["maximum"])] if "maximum" in schema else []
    highs += [math.ceil(schema["exclusiveMaximum"]) - 1] if "exclusiveMaximum" in schema else []
    low = -(-max(lows) // step) if lows else None
    high = min(highs) // step if highs else None
    return st.integers(low, high).map(lambda number: number * step)


def _text(schema: Schema) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if schema.get("pattern"):
        made = st.from_regex(str(schema["pattern"]))
        return made.filter(lambda text: len(text) >= least and (most is None or len(text) <= most))
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]()
    if least > 1 or most == 0:
        return st.text("ab", min_size=least, max_size=most if most is not None else least + 1)
    return COLLIDING
