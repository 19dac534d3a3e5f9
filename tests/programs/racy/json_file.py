"""Load, change, dump a JSON file. Depth 1."""

import json
from pathlib import Path


def prepare():
    Path("todos.json").write_text("[]")


def add_todo(text):
    with open("todos.json") as f:
        items = json.load(f)
    items.append(text)
    with open("todos.json", "w") as f:
        json.dump(items, f)
    return "added"


EXPECTED = "racy"
RESOURCES = {"file:todos.json"}
CALLS = [(add_todo, "x"), (add_todo, "y")]
