"""exists, then create. Depth 1."""

from pathlib import Path


def reserve(name, who):
    path = Path(name)
    if path.exists():
        return {"refused": True}
    path.write_text(who)
    return {"refused": False}


EXPECTED = "racy"
RESOURCES = {"file:slot.txt"}
CALLS = [(reserve, "slot.txt", "ann"), (reserve, "slot.txt", "bob")]
