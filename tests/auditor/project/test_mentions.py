"""Which files hold a text: to be the same as looking at each file anew, without reading it anew."""

from __future__ import annotations

from toolaudit.project.mentions import Mentions

FILES = {"a.py": b"class Store:\n", "b.py": b"class Shelf(Store):\n", "c.py": "größe = 1\n".encode()}


def test_a_file_is_read_once_for_all_texts():
    read: list[str] = []
    mentions = Mentions(lambda path: read.append(path) or FILES[path])
    assert mentions.among(("a.py", "b.py"), "Store", everywhere=False) == ("a.py", "b.py")
    assert mentions.among(("a.py", "b.py", "c.py"), "Store", everywhere=True) == ("a.py", "b.py")
    assert mentions.among(("a.py", "b.py", "c.py"), "größe", everywhere=True) == ("c.py",)
    assert mentions.among(("a.py", "b.py", "c.py"), "Shelf(", everywhere=True) == ("b.py",)
    assert read == ["a.py", "b.py", "c.py"]


def test_what_was_let_go_is_read_again():
    read: list[str] = []
    mentions = Mentions(lambda path: read.append(path) or FILES[path])
    assert mentions.among(("a.py",), "Store", everywhere=True) == ("a.py",)
    mentions.clear()
    assert mentions.among(("a.py",), "Store", everywhere=True) == ("a.py",)
    assert mentions.among(("a.py",), "Shelf", everywhere=True) == ()
    assert read == ["a.py", "a.py"]
