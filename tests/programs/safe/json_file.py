"""The same under a lock."""

import json
import threading
from pathlib import Path

LOCK = threading.RLock()


def prepare():
    Path("todos.json").write_text("[]")


def add_todo(text):
    with LOCK:
        with open("todos.json") as f:
            items = json.load(f)
        items.append(text)
        with open("todos.json", "w") as f:
            json.dump(items, f)
    return "added"


CALLS = [(add_todo, "x"), (add_todo, "y")]
