"""Prints what each step of the resolution contributes, on tools labelled by hand: `ablation.py SOURCES LABELS.json...`.

SOURCES holds each labelled package unpacked as NAME-VERSION/src. A step is taken away here, by its data or its limits, never by a switch of
the product: an empty catalogue, calls followed to a depth, classes without bases, and so on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from toolaudit import frameworks
from toolaudit.catalogue.lookup import Catalogue, load
from toolaudit.effects import applying, constructors, secondary, summaries, summarise
from toolaudit.frameworks.discover import discover
from toolaudit.frameworks.dispatch import with_runs
from toolaudit.frameworks.versions import detect
from toolaudit.model import Tool
from toolaudit.project.cache import Cache
from toolaudit.project.local import open_project
from toolaudit.project.resolve import Resolver
from toolaudit.verdicts import classify, conflicts
from toolaudit.verdicts.profile import profile, written_by

WRITES = {"write-only", "read-modify-write"}
GROUPS = {"dir": "file", "aws": "http", "k8s": "http", "git": "subprocess", "docker": "subprocess"}
Cells = set[tuple[str, bool, bool]]


# --- steps taken away ------------------------------------------------------------------------------------------------


@contextmanager
def without(place: Any, name: str, value: Any) -> Iterator[None]:
    """One function or limit replaced, and put back."""
    kept = getattr(place, name)
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, kept)


def _alone(catalogue: Catalogue) -> Catalogue:
    return catalogue


def _empty(catalogue: Catalogue) -> Catalogue:
    return Catalogue(())


def _as_found(tool: Tool) -> Tool:
    return tool


def _nothing_injected(tool: Tool) -> Tool:
    return replace(tool, parameters=tuple(replace(p, injected="", injected_type="") for p in tool.parameters))


@contextmanager
def nothing() -> Iterator[None]:
    yield


VARIANTS: dict[str, tuple[Callable[[], Any], Callable[[Catalogue], Catalogue], Callable[[Tool], Tool]]] = {
    "nothing: everything is followed": (nothing, _alone, _as_found),
    "the tool's own body alone": (lambda: without(summaries, "MAX_DEPTH", 1), _alone, _as_found),
    "one call deep": (lambda: without(summaries, "MAX_DEPTH", 2), _alone, _as_found),
    "three calls deep": (lambda: without(summaries, "MAX_DEPTH", 4), _alone, _as_found),
    "no catalogue": (nothing, _empty, _as_found),
    "no inheritance": (lambda: without(Resolver, "bases", lambda self, ref: ()), _alone, _as_found),
    "callbacks that are passed on are not called": (lambda: without(applying, "_callbacks", lambda *given: []), _alone, _as_found),
    "nothing of what constructors set": (lambda: without(constructors, "held", lambda world, ref: {}), _alone, _as_found),
    "no state injected by the framework": (nothing, _alone, _nothing_injected),
    "bookkeeping counts as effect": (lambda: without(secondary, "mark", lambda effects, tool, function: list(effects)), _alone, _as_found),
}


# --- one package -----------------------------------------------------------------------------------------------------


def judged(
    source: Path, step: Callable[[], Any], change: Callable[[Catalogue], Catalogue], tools_as: Callable[[Tool], Tool]
) -> list[dict[str, Any]]:
    """The tools with their class, cells and the pairs that they stand in."""
    known = frameworks.load(())
    with open_project([source], frameworks.markers(known), cache=Cache()) as project:
        tools = tuple(map(tools_as, with_runs(discover(project, known).tools, known, detect([source], known))))
        with step():
            found = summarise.footprints(project, tools, change(load(())))
    verdicts, written = classify.classify_all(tools, found), written_by(found)
    pairs: dict[frozenset[str], set[str]] = {}
    for one in conflicts.conflicts(tools, found, verdicts):
        pairs.setdefault(frozenset(one.tools), set()).add(one.when)
    out = []
    for tool, touched, verdict in zip(tools, found, verdicts, strict=True):
        view = profile(tool, touched, written)
        cells: dict[str, list[bool]] = {}
        for access in view.reads + view.writes:
            cell = cells.setdefault(GROUPS.get(access.resource.kind, access.resource.kind), [False, False])
            cell[0] |= "r" in access.mode
            cell[1] |= "w" in access.mode
        out.append(
            {
                "id": tool.id,
                "name": tool.name,
                "file": tool.file,
                "function": tool.function,
                "class": verdict.tool_class,
                "cells": {(kind, *modes) for kind, modes in cells.items()},
                "pairs": {pair: when for pair, when in pairs.items() if tool.id in pair},
            }
        )
    return out


def match(label: dict[str, Any], tools: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The tool that a label speaks of."""
    there = [tool for tool in tools if tool["file"].endswith(label["file"])]
    same = [tool for tool in there if tool["function"] == label["function"]]
    named = [tool for tool in (same or there) if tool["name"] == label["tool_name"]]
    return next(iter(named or same), None)


def count(labels: list[dict[str, Any]], pairs: list[dict[str, Any]], tools: list[dict[str, Any]], tally: Counter[str]) -> None:
    by_label: dict[str, dict[str, Any]] = {}
    for label in labels:
        tool = match(label, tools)
        if tool is None:
            continue
        by_label[label["id"]] = tool
        accepted = {label["class"], *label.get("acceptable_alternatives", [])}
        tally["tools"] += 1
        tally["class"] += tool["class"] in accepted
        if not accepted & {"pure", "read-only"}:
            tally["writers"] += 1
            tally["missed"] += tool["class"] in {"pure", "read-only"}
        if not accepted & WRITES:
            tally["readers"] += 1
            tally["spurious"] += tool["class"] in WRITES
        wanted: dict[str, list[bool]] = {}
        for resource in label["resources"]:
            cell = wanted.setdefault(GROUPS.get(resource["kind"], resource["kind"]), [False, False])
            cell[0] |= "r" in resource["access"]
            cell[1] |= "w" in resource["access"]
        cells: Cells = {(kind, modes[0], modes[1]) for kind, modes in wanted.items()}
        tally["cells"] += len(cells)
        tally["said"] += len(tool["cells"])
        tally["right"] += len(cells & tool["cells"])
    for pair in pairs:
        one, other = by_label.get(pair.get("a_id") or ""), by_label.get(pair.get("b_id") or "")
        if one is None or other is None:
            continue
        when = one["pairs"].get(frozenset((one["id"], other["id"])), set())
        kind = "clashing" if pair["verdict"] == "conflict" else "safe"
        others = kind == "safe" and (pair.get("same_key") is False or str(pair.get("on", "")).startswith(("different", "other", "two ")))
        clash = "always" in when if others else bool(when)
        tally[kind] += 1
        tally[f"{kind} told"] += clash


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--skip", default="", help="packages that are left out")
    options = parser.parse_args()
    sys.setrecursionlimit(60_000)
    print("| taken away | class | missed writes | spurious writes | effects: recall, precision | clashing pairs told | safe pairs told |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (step, change, tools_as) in VARIANTS.items():
        tally: Counter[str] = Counter()
        for book in (json.loads(path.read_text(encoding="utf-8")) for path in options.labels):
            for package in book["packages"]:
                if package["name"] in options.skip.split(","):
                    continue
                labels = [label for label in book["tools"] if label["package"] == package["name"]]
                pairs = [pair for pair in book["pairs"] if pair["package"] == package["name"]]
                source = options.sources / f"{package['name']}-{package['version']}" / "src"
                if not source.is_dir():
                    parser.error(f"{source}: no such folder; unpack the package there, or leave it out with --skip {package['name']}")
                tools = judged(source, step, change, tools_as)
                count(labels, pairs, tools, tally)
        print(row(name, tally), flush=True)


def row(name: str, tally: Counter[str]) -> str:
    def share(part: str, whole: str) -> str:
        return f"{100 * tally[part] / (tally[whole] or 1):.0f} %"

    cells = f"{share('right', 'cells')}, {share('right', 'said')}"
    parts = [share("class", "tools"), share("missed", "writers"), share("spurious", "readers"), cells]
    return "| " + " | ".join([name, *parts, share("clashing told", "clashing"), share("safe told", "safe")]) + " |"


if __name__ == "__main__":
    main()
