"""Keys made by computing: what a path is after it went through the language's own functions."""

from __future__ import annotations

KEYS = (
    # (body of `tool(p, q)`, the file it writes)
    ("w(str(p))", "{p}"),
    ("w('{}/{}.md'.format(p, q))", "{p}/{q}.md"),
    ("w('{a}/x'.format(a=p))", "{p}/x"),
    ("w('%s/%s' % (p, q))", "{p}/{q}"),
    ("w(p + '.txt')", "{p}.txt"),
    ("w('/'.join([p, q]))", "{p}/{q}"),
    ("w(os.path.join('/r', p, q))", "/r/{p}/{q}"),
    ("w(Path(p) / q)", "{p}/{q}"),
    ("w(Path('/r').joinpath(p))", "/r/{p}"),
    ("w(Path(p).with_suffix('.bak'))", "{p}.bak"),
    ("w(p.strip().lower())", "{p}"),
    ("w('AB'.lower())", "ab"),
    ("w(str(7) + '.txt')", "7.txt"),
    ("w(p or 'default')", "{p}"),
    ("w(p if q else 'b')", "{p}"),
    ("[w(x) for x in (p,)]", "{p}"),
    ("for i, x in enumerate([p]):\n        w(x)", "{p}"),
    ("for a, b in zip([p], [q]):\n        w(b)", "{q}"),
    ("for x in sorted([p], key=lambda s: s):\n        w(x)", "{p}"),
    ("for x in map(str, [p]):\n        w(x)", "{p}"),
    ("for k, v in {'a': p}.items():\n        w(v)", "{p}"),
    ("for v in {'a': p}.values():\n        w(v)", "{p}"),
    ("d = {'a': p}\n    w(d['a'])", "{p}"),
    ("d = {}\n    d['a'] = p\n    w(d.get('a'))", "{p}"),
    ("d = dict(a=p)\n    w(d['a'])", "{p}"),
    ("d = {**{'a': p}}\n    w(d['a'])", "{p}"),
    ("xs = [p]\n    xs.append(q)\n    w(xs[0])", "{p}"),
    ("a, b = p, q\n    w(b)", "{q}"),
    ("a, *b = [p, q]\n    w(a)", "{p}"),
    ("x = y = p\n    w(y)", "{p}"),
    ("w((n := p))", "{p}"),
    ("x = next(iter([p]))\n    w(x)", "{p}"),
    ("w(list((p,))[0])", "{p}"),
    ("w(tuple([p])[0])", "{p}"),
    ("w([p, q][-1])", "{q}"),
    ("w(p['name'])", "{p.name}"),
    ("w(p.get('name', 'x'))", "{p.name}"),
    ("w(f'{p!s}-{q:>3}')", "{p}-{q}"),
    ("w(getattr(Box(p), 'path'))", "{p}"),
    ("w(Box(p).path)", "{p}"),
    ("b = Box(p)\n    b.path = q\n    w(b.path)", "{q}"),
    ("w(Box.of(q).path)", "{q}"),
    ("w(Box(p).full())", "{p}/x"),
    ("w(Rec(path=p).path)", "{p}"),
    ("w(Rec(p).path)", "{p}"),
    ("w(Color.RED.value)", "r"),
    ("while True:\n        w(p)\n        break", "{p}"),
    ("try:\n        x = p\n    except KeyError:\n        x = p\n    else:\n        pass\n    finally:\n        w(x)", "{p}"),
    ("match p:\n        case 'a' | 'b':\n            w(q)\n        case other:\n            w(other)", "{q}"),
    ("assert p\n    w(p)", "{p}"),
    ("(lambda s: w(s))(p)", "{p}"),
    ("partial(w, p)()", "{p}"),
    ("use(w, p)", "{p}"),
    ("kw(path=p)", "{p}"),
    ("kw(**{'path': p})", "{p}"),
    ("va(p, q)", "{q}"),
    ("va(*[p, q])", "{q}"),
    ("w(gen(p))", "{p}"),
    ("w(asyncio.run(co(p)))", "{p}"),
    ("w(pick(p))", "{p}"),
    ("from os import path as op\n    w(op.join(p, 'z'))", "{p}/z"),
    ("xs = [q] + [p]\n    w(xs[1])", "{p}"),
    ("x = []\n    x += [p]\n    w(x[0])", "{p}"),
    ("w(cast(str, p))", "{p}"),
    ("with Man(p) as m:\n        w(m)", "{p}"),
    ("w(f'{int(p)}.txt')", "{p}.txt"),
    ("for x in filter(None, [p]):\n        w(x)", "{p}"),
    ("for x in reversed([p]):\n        w(x)", "{p}"),
    ("w(repr(p))", "{p}"),
    ("w(type(Box(p))(q).path)", "{q}"),
    ("f = w if p else print\n    f(q)", "{q}"),
    ("for x in {p}:\n        w(x)", "{p}"),
    ("x = ''\n    x += p\n    w(x)", "{p}"),
    ("w(os.fspath(Path(p)))", "{p}"),
    ("del q\n    w(p)", "{p}"),
    ("w(p[0:3])", "{p}"),
    ("w(p * 2)", "{p}"),
    ("d = {}\n    d.update(a=p)\n    w(d['a'])", "{p}"),
    ("xs = []\n    xs.extend([p])\n    w(xs[0])", "{p}"),
    ("xs = set()\n    xs.add(p)\n    for x in xs:\n        w(x)", "{p}"),
    ("w({'a': p}.copy()['a'])", "{p}"),
    ("for k in {p: 1}.keys():\n        w(k)", "{p}"),
    ("w(not p or q)", "{q}"),
    ("x = None\n    if isinstance(p, str) and hasattr(p, 'x') and callable(w):\n        x = p\n    w(x)", "{p}"),
    ("f = [w, w][0]\n    f(p)", "{p}"),
    ("(a, b), c = (p, q), 1\n    w(b)", "{q}"),
    ("w(Path(p).parent / 'y')", "{p}/../y"),
    ("w(Path.cwd() / p)", "{cwd}/{p}"),
    ("w(os.environ['HOME'] + '/x')", "{env:HOME}/x"),
    ("w(p.split('/')[0])", "{p}"),
    ("c = Conf()\n    w(c.root + p)", "/base/{p}"),
)

PRELUDE = """
import os, asyncio
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import cast

class Color(Enum):
    RED = 'r'

@dataclass
class Rec:
    path: str

class Conf:
    root = '/base/'

class Box:
    def __init__(self, path):
        self.path = path
    @classmethod
    def of(cls, path):
        return cls(path)
    @property
    def folder(self):
        return self.path
    def full(self):
        return f'{self.folder}/x'

class Man:
    def __init__(self, path):
        self.path = path
    def __enter__(self):
        return self.path
    def __exit__(self, *args):
        return None

def w(path):
    open(path, 'w').close()

def use(f, *args):
    f(*args)

def kw(**options):
    w(options['path'])

def va(first, *rest):
    w(rest[0])

def gen(x):
    def inner():
        yield x
    return next(inner())

async def co(x):
    return x

def pick(x):
    if not x:
        return None
    return x

def tool(p, q):
    """
