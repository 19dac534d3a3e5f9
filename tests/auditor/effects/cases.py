"""Programs and what their tools touch. One idiom a case; the expectation is what an expert would write down."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    name: str
    source: str
    function: str
    expected: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    when: tuple[tuple[str, str], ...] = ()


CASES = (
    Case(
        "statements of constant text cut at its end",
        "import duckdb\nclass Db:\n    def __init__(self, path):\n        self.c = duckdb.connect(path)\n    def run(self, q):\n        return self.c.sql(q.replace('`', '').split(';')[0])\n"
        "    def tables(self):\n        return self.run('SHOW TABLES;')\n",
        "Db.tables",
        ("r read sql *",),
    ),
    Case(
        "files that a statement reads as tables",
        "import duckdb\ndef load(t, p, q):\n    c = duckdb.connect('a.db')\n    c.sql(f\"CREATE OR REPLACE TABLE {t} AS SELECT * FROM '{p}'\")\n"
        "    c.sql(f\"CREATE OR REPLACE TABLE {t} AS SELECT * FROM read_csv('{q}', header=true)\")\n",
        "load",
        ("w write sql {t}", "r read file {p}", "r read file {q}"),
    ),
    Case(
        "a repository's branches and files are git's, its issues are not",
        "from github import Github\ng = Github('t')\ndef go(repo, name):\n    r = g.get_repo(repo)\n    head = r.get_branch('main')\n"
        "    r.create_git_ref(f'refs/heads/{name}', head.commit.sha)\n    r.create_issue('x')\n",
        "go",
        ("r read git github:{repo}[main]", "w create git github:{repo}[refs/heads/{name}]", "w append http github:{repo}/issues"),
    ),
    Case(
        "a task that is cancelled",
        "import asyncio\nclass Jobs:\n    def __init__(self):\n        self.task = asyncio.create_task(x())\n    def stop(self):\n        self.task.cancel()\n",
        "Jobs.stop",
        ("w delete memory {self:task}",),
    ),
    Case(
        "parts kept beside a snapshot of what they were made from",
        "class Kit:\n    def __init__(self, allow):\n        self.allow = allow\n        self._snapshot = None\n    def has(self, p):\n        now = tuple(self.allow)\n"
        "        if now != self._snapshot:\n            self._snapshot = now\n        return p in now\n",
        "Kit.has",
        ("r read memory {self:_snapshot} [memo]", "w write memory {self:_snapshot} [memo]"),
    ),
    Case(
        "an agent of a browser works on the page",
        "from browser_use import Agent\nclass Mine(Agent):\n    async def run(self, n):\n        for i in range(n):\n            await self.step(i)\n"
        "async def go(task):\n    await Mine(task=task).run(3)\n",
        "go",
        ("rw update browser page", "rw update http *"),
    ),
    Case(
        "pages and records that a service answered are no browser and no database",
        "from wiki_of_ours import Wiki\nclass K:\n    def __init__(self, client):\n        self.client = client\n"
        "    def tool(self, k):\n        page = self.client.fetch_page(k)\n        page.raise_for_status()\n"
        "        db = self.client.fetch_kinds(k)\n        return db.get('kind', '') + title(page)\n"
        "def title(page: dict):\n    return page.get('title', '')\n",
        "K.tool",
        ("r read http page*", "r read http kind*"),
    ),
    Case(
        "a note of a service by its keyword",
        "from notion_client import AsyncClient\nnotion = AsyncClient(auth='x')\nasync def tool(n):\n"
        "    page = await notion.pages.retrieve(page_id=n)\n    return page.get('title')\n",
        "tool",
        ("r read http notion:{n}",),
    ),
    Case(
        "an object that changes when it is iterated or added to",
        "class Box:\n    def __init__(self):\n        self.n = 0\n    def __iadd__(self, x):\n        self.n += x\n        return self\n"
        "    def __iter__(self):\n        return self\n    def __next__(self):\n        self.last = self.n\n        return self.last\n"
        "BOX = Box()\ndef tool(x):\n    global BOX\n    BOX += x\n    return [i for i in BOX]\n",
        "tool",
        ("r read memory {self:n}", "w increment memory {self:n}", "w write memory {self:last}", "r read memory {self:last}"),
    ),
    Case(
        "a proxy that looks its attributes up",
        "class Box:\n    def __init__(self):\n        self.items = {}\n    def put(self, k):\n        self.items[k] = 1\n"
        "class Lazy:\n    def __init__(self):\n        self._box = Box()\n    def __getattr__(self, name):\n        return getattr(self._box, name)\n"
        "BOX = Lazy()\ndef tool(k):\n    BOX.put(k)\n",
        "tool",
        ("w write memory {self:items}[{k}]",),
    ),
    Case(
        "a setting of a library, given and constant",
        "import openai\ndef tool(k):\n    openai.api_key = k\n    openai.timeout = 5\n",
        "tool",
        ("w write memory openai.api_key", "w write memory openai.timeout [lazy-init]"),
    ),
    Case(
        "an entity met in a list of a service",
        "from github import Github\ng = Github()\ndef tool(r, n, text):\n    repo = g.get_repo(r)\n"
        "    for comment in repo.get_pulls_comments():\n        if comment.id == n:\n            comment.edit(text)\n",
        "tool",
        ("r read http github:*", "r list http github:*", "w update http github:*"),
    ),
    Case(
        "a list of a defaultdict that grows",
        "from collections import defaultdict\nD = defaultdict(list)\ndef tool(k):\n    D[k].append(k)\n",
        "tool",
        ("rw ensure memory {global:D}[{k}]", "w append memory {global:D}[{k}]"),
    ),
    Case(
        "a variable of another module",
        "import state\ndef tool(k):\n    state.current = k\n    state.count += 1\n",
        "tool",
        ("w write memory {global:current}", "r read memory {global:count}", "w increment memory {global:count}"),
        files={"state.py": "current = None\ncount = 0\n"},
    ),
    Case(
        "statements by the names of functions",
        "import operator\nD = {}\nclass Box:\n    pass\nBOX = Box()\ndef tool(k):\n    operator.setitem(D, k, 1)\n    vars(BOX)['k'] = 1\n",
        "tool",
        ("w update memory {global:D}", "w write memory {self:__dict__}[k]"),
    ),
    Case(
        "settings read into a parser and written back",
        "import configparser\ndef tool(x):\n    c = configparser.ConfigParser()\n    c.read('c.ini')\n    c['a']['b'] = x\n"
        "    with open('c.ini', 'w') as f:\n        c.write(f)\n",
        "tool",
        ("r read file c.ini", "w write file c.ini"),
    ),
    Case(
        "a file opened in one of two modes",
        "def put(p, more=False):\n    mode = 'a' if more else 'w'\n    with open(p, mode) as f:\n        f.write('x')\n",
        "put",
        ("w append file {p}", "w write file {p}"),
    ),
    Case(
        "a client known by its annotation alone reaches its service",
        "from googleapiclient.discovery import Resource\nclass Mail:\n    api: Resource\n    def send(self, m):\n"
        "        self.api.users().messages().send(userId='me', body=m).execute()\n",
        "Mail.send",
        ("w send http gmail[sent]",),
    ),
    Case(
        "an entry of a shared container with a default of the call's own",
        "STATES = {}\ndef stop(k):\n    state = STATES.get(k, {})\n    state['stopped'] = True\n",
        "stop",
        ("r read memory {global:STATES}[{k}]", "w write memory {global:STATES}[{k}][stopped]"),
    ),
    Case(
        "what is loaded and not looked at stays in the loader",
        "class Kit:\n    def __init__(self, registry):\n        self.registry = registry\n    def put(self, path):\n        self.registry.load_from_file(path)\n",
        "Kit.put",
        ("rw update other *",),
    ),
    Case(
        "a subscription reads the channel that a message is published to",
        "import redis\nR = redis.Redis()\ndef follow(channel):\n    sub = R.pubsub()\n    sub.subscribe(channel)\n",
        "follow",
        ("r read redis channel:{channel}", "w session session pubsub"),
    ),
    Case(
        "a checkout compares and replaces the files of the working tree",
        "import git\ndef go(path, branch):\n    git.Repo(path).git.checkout(branch)\n",
        "go",
        ("rw update dir {path}/*", "w update git {path}"),
    ),
    Case(
        "a counter in a module global",
        "N = 0\ndef bump():\n    global N\n    N += 1\n",
        "bump",
        ("r read memory {global:N}", "w increment memory {global:N}"),
    ),
    Case(
        "an entry of a module-level dict",
        "STATE = {}\ndef put(k, v):\n    STATE[k] = v\n",
        "put",
        ("w write memory {global:STATE}[{k}]",),
    ),
    Case(
        "a collection of a database that is one of two",
        "from pymongo import MongoClient\ndef put(uri, x, db=None):\n    name = db or 'd'\n    client = MongoClient(uri)[name] if uri else MongoClient()['e']\n    client['c'].insert_one({'x': x})\n",
        "put",
        ("w append sql {db}.c", "w append sql d.c", "w append sql e.c"),
    ),
    Case(
        "a workbook that a method opened later, with an import of its own",
        "class Kit:\n    def __init__(self):\n        self.wb = None\n    def load(self, p):\n        from openpyxl import load_workbook\n        self.wb = load_workbook(p)\n"
        "    def fill(self, name, v):\n        sheet = self.wb[name]\n        sheet['A1'] = v\n        sheet.append([v])\n",
        "Kit.fill",
        ("r read memory {self:wb}", "w write memory {self:wb}[A1]", "rw update memory {self:wb}"),
    ),
    Case(
        "a presentation of a registry, edited by a helper",
        "from pptx import Presentation\nDECKS = {}\ndef make(key):\n    DECKS[key] = Presentation()\ndef put(deck, t):\n    deck.slides.add_slide(deck.slide_layouts[0])\n"
        "def add(key, t):\n    put(DECKS[key], t)\n",
        "add",
        ("r read memory {global:DECKS}[{key}]", "rw update memory {global:DECKS}[{key}]"),
    ),
    Case(
        "a sheet of a workbook of the call is the call's own",
        "from openpyxl import load_workbook\ndef put(p, v):\n    book = load_workbook(p)\n    book.active.append([v])\n    book.save(p)\n",
        "put",
        ("r read file {p}", "w write file {p}"),
    ),
    Case(
        "a part of a client is named like one of its methods",
        "from msgraph import GraphServiceClient\ndef send(draft):\n    client = GraphServiceClient(credentials='c')\n    client.me.messages.post(draft)\n",
        "send",
        ("w append http graph/me/messages",),
    ),
    Case(
        "the process's output replaced",
        "import io, sys\ndef tool():\n    old = sys.stdout\n    sys.stdout = io.StringIO()\n    sys.stdout = old\n",
        "tool",
        ("w write other stdout",),
    ),
    Case(
        "check, then insert",
        "USERS = {}\ndef add(name):\n    if name in USERS:\n        raise ValueError(name)\n    USERS[name] = {}\n",
        "add",
        ("r check memory {global:USERS}[{name}]", "w write memory {global:USERS}[{name}]"),
    ),
    Case(
        "a container of the call is its own",
        "def f(x):\n    out = []\n    out.append(x)\n    d = {}\n    d[x] = 1\n    return out, d\n",
        "f",
        (),
    ),
    Case(
        "an object made per call is its own",
        "class B:\n    def __init__(self):\n        self.n = 0\n    def add(self):\n        self.n += 1\ndef f():\n    b = B()\n    b.add()\n    return b.n\n",
        "f",
        (),
    ),
    Case(
        "the shared receiver is shared",
        "class Kit:\n    def __init__(self):\n        self.items = []\n    def add(self, x):\n        self.items.append(x)\n",
        "Kit.add",
        ("w append memory {self:items}",),
    ),
    Case(
        "a singleton's methods reach one object",
        "class M:\n    def __init__(self):\n        self.jobs = {}\n    def put(self, k):\n        self.jobs[k] = 1\nm = M()\ndef tool(k):\n    m.put(k)\n",
        "tool",
        ("w write memory {self:jobs}[{k}]",),
    ),
    Case("configuration nobody writes is no access", "LIMITS = {'a': 1}\ndef f(k):\n    return LIMITS[k]\n", "f", ()),
    Case(
        "a nonlocal of the factory outlives the call",
        "def make():\n    seen = []\n    def tool(x):\n        seen.append(x)\n    return tool\n",
        "make.tool",
        ("w append memory {cell:seen}",),
    ),
    Case(
        "a nonlocal of a nested helper does not",
        "def tool(x):\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n    inc()\n    return n\n",
        "tool",
        (),
    ),
    Case(
        "load, edit, save through helpers",
        "import json\ndef load(p):\n    with open(p) as f:\n        return json.load(f)\n"
        "def save(p, d):\n    with open(p, 'w') as f:\n        json.dump(d, f)\n"
        "def add(name, text):\n    d = load(f'{name}.json')\n    d.append(text)\n    save(f'{name}.json', d)\n",
        "add",
        ("r read file {name}.json", "w write file {name}.json"),
    ),
    Case(
        "a helper of another module",
        "from lib.store import save\ndef tool(key):\n    save('data', key)\n",
        "tool",
        ("w write file data/{key}.txt",),
        files={
            "lib/__init__.py": "",
            "lib/store.py": "from pathlib import Path\ndef save(base, key):\n    p = Path(base) / (key + '.txt')\n    p.write_text('x')\n",
        },
    ),
    Case(
        "a re-export and a star import",
        "from pkg import *\ndef tool(k):\n    put(k)\n",
        "tool",
        ("w write memory {global:D}[{k}]",),
        files={"pkg/__init__.py": "from pkg.impl import put\n", "pkg/impl.py": "D = {}\ndef put(k):\n    D[k] = 1\n"},
    ),
    Case(
        "pathlib joins, parents, modes",
        "from pathlib import Path\nBASE = Path('/data')\ndef tool(n):\n    p = BASE / n / 'x.md'\n    p.parent.mkdir(parents=True, exist_ok=True)\n"
        "    with p.open('a') as f:\n        f.write('x')\n",
        "tool",
        ("w ensure dir /data/{n} [ensure-folder]", "w append file /data/{n}/x.md"),
    ),
    Case(
        "the mode as an argument of a helper",
        "def opened(path, mode):\n    return open(path, mode)\ndef tool(path):\n    with opened(path, 'w') as f:\n        f.write('x')\n",
        "tool",
        ("w write file {path}",),
    ),
    Case(
        "delete and rename",
        "import os\ndef tool(a, b):\n    os.replace(a, b)\n    os.remove(b)\n",
        "tool",
        ("w rename file {a}", "w write file {b}", "w delete file {b}"),
    ),
    Case("the environment", "import os\ndef tool(k, v):\n    os.environ[k] = v\n", "tool", ("w write env {k}",)),
    Case("the working folder", "import os\ndef tool(p):\n    os.chdir(p)\n", "tool", ("w write cwd process",)),
    Case(
        "SQL of a connection",
        "import sqlite3\ndef tool(i):\n    c = sqlite3.connect('a.db')\n    c.execute('UPDATE t SET n = n + 1 WHERE id = ?', (i,))\n    c.commit()\n",
        "tool",
        ("rw increment sql t",),
    ),
    Case(
        "SQL in a helper is known at the call",
        "import sqlite3\ndef run(q, *a):\n    with sqlite3.connect('a.db') as c:\n        return c.execute(q, a).fetchall()\n"
        "def tool(i):\n    run('INSERT INTO t (id) VALUES (?) ON CONFLICT DO NOTHING', i)\n    return run('SELECT * FROM t JOIN u ON 1 = 1')\n",
        "tool",
        ("w ensure sql t", "r read sql t", "r read sql u"),
    ),
    Case(
        "free SQL is opaque",
        "import sqlite3\ndef tool(q):\n    sqlite3.connect('a.db').execute(q)\n",
        "tool",
        ("rw opaque sql {q}",),
    ),
    Case("a request by verb", "import requests\ndef tool(u):\n    requests.put(u, json={})\n", "tool", ("w write http {u}",)),
    Case(
        "the verb as a parameter of a helper",
        "import requests\ndef call(m, p):\n    return requests.request(m, 'https://h' + p)\ndef tool(i):\n    return call('DELETE', f'/x/{i}')\n",
        "tool",
        ("w delete http https://h/x/{i}",),
    ),
    Case(
        "a POST that asks",
        "import requests\ndef tool(q):\n    return requests.post('https://h/v1/search', json={'q': q})\n",
        "tool",
        ("r read http https://h/v1/search",),
    ),
    Case(
        "a command of git that reads",
        "import subprocess\ndef tool(d):\n    subprocess.run(['git', '-C', d, 'log'])\n",
        "tool",
        ("r read git {d}",),
    ),
    Case(
        "a free command",
        "import subprocess\ndef tool(c):\n    subprocess.run(c, shell=True)\n",
        "tool",
        ("r read cwd process", "rw opaque subprocess {c}"),
    ),
    Case(
        "one tool, many actions",
        "import os\nS = {}\ndef tool(action, k):\n    if action == 'set':\n        S[k] = 1\n    elif action == 'drop':\n        os.remove(k)\n",
        "tool",
        ("w write memory {global:S}[{k}]", "w delete file {k}"),
    ),
    Case(
        "one tool of a dispatcher",
        "import os\nS = {}\ndef dispatch(name, k):\n    if name == 'set':\n        S[k] = 1\n    elif name == 'drop':\n        os.remove(k)\n",
        "dispatch",
        ("w delete file {k}",),
        when=(("name", "drop"),),
    ),
    Case(
        "a dispatcher by match",
        "import os\nS = {}\ndef dispatch(name, k):\n    match name:\n        case 'set':\n            S[k] = 1\n        case 'drop':\n            os.remove(k)\n",
        "dispatch",
        ("w write memory {global:S}[{k}]",),
        when=(("name", "set"),),
    ),
    Case(
        "a dispatcher by dict",
        "import os\nS = {}\ndef put(k):\n    S[k] = 1\ndef drop(k):\n    os.remove(k)\nH = {'put': put, 'drop': drop}\ndef dispatch(name, k):\n    return H[name](k)\n",
        "dispatch",
        ("w delete file {k}",),
        when=(("name", "drop"),),
    ),
    Case(
        "getattr with a prefix",
        "class K:\n    def __init__(self):\n        self.d = {}\n    def do_put(self, k):\n        self.d[k] = 1\n    def run(self, action, k):\n        getattr(self, f'do_{action}')(k)\n",
        "K.run",
        ("w write memory {self:d}[{k}]",),
    ),
    Case(
        "a callback through a carrier",
        "import asyncio\nS = []\ndef work(x):\n    S.append(x)\nasync def tool(x):\n    await asyncio.to_thread(work, x)\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "functools.partial and a lambda",
        "from functools import partial\nS = {}\ndef put(k, v):\n    S[k] = v\ndef tool(k):\n    partial(put, k)(1)\n    (lambda x: S.pop(x))(k)\n",
        "tool",
        ("w write memory {global:S}[{k}]", "rw consume memory {global:S}[{k}]"),
    ),
    Case(
        "a property and a setter",
        "class K:\n    def __init__(self):\n        self._v = {}\n    @property\n    def v(self):\n        return self._v\n    @v.setter\n    def v(self, x):\n        self._v = x\n"
        "    def tool(self, k):\n        self.v[k] = 1\n        return self.v\n",
        "K.tool",
        ("w write memory {self:_v}[{k}]", "r read memory {self:_v}"),
    ),
    Case(
        "an inherited method and super",
        "class A:\n    def __init__(self):\n        self.d = {}\n    def put(self, k):\n        self.d[k] = 1\nclass B(A):\n    def put(self, k):\n        super().put(k)\n",
        "B.put",
        ("w write memory {self:d}[{k}]",),
    ),
    Case(
        "lazy initialisation does not count",
        "import redis\nclass C:\n    _client = None\n    @classmethod\n    def get(cls) -> redis.Redis:\n        if cls._client is None:\n            cls._client = redis.Redis()\n        return cls._client\n"
        "def tool(k):\n    return C.get().get(k)\n",
        "tool",
        ("r check memory {self:_client} [lazy-init]", "w write memory {self:_client} [lazy-init]", "r read redis {k}"),
    ),
    Case(
        "a memo does not count",
        "_cache = {}\ndef tool(k):\n    if k not in _cache:\n        _cache[k] = len(k)\n    return _cache[k]\n",
        "tool",
        (
            "r check memory {global:_cache}[{k}] [memo]",
            "w write memory {global:_cache}[{k}] [memo]",
            "r read memory {global:_cache}[{k}] [memo]",
        ),
    ),
    Case(
        "a pragma overrides",
        "import mystery\ndef helper(path):  # toolaudit: reads[file:{path}]\n    return mystery.read(path)\ndef tool(p):\n    return helper(p + '.txt')\n",
        "tool",
        ("r read file {p}.txt",),
    ),
    Case(
        "recursion ends",
        "S = []\ndef walk(n):\n    S.append(n)\n    for c in n['children']:\n        walk(c)\ndef tool(n):\n    walk(n)\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "mutual recursion keeps both",
        "A, B = [], []\ndef a(n):\n    A.append(n)\n    b(n)\ndef b(n):\n    B.append(n)\n    a(n)\ndef tool(n):\n    b(n)\n",
        "tool",
        ("w append memory {global:B}", "w append memory {global:A}"),
    ),
    Case(
        "a unique temporary file is nobody's",
        "import tempfile\ndef tool(x):\n    with tempfile.NamedTemporaryFile('w', delete=False) as f:\n        f.write(x)\n",
        "tool",
        ("w create file {fresh:temporary} [unique-temporary]",),
    ),
    Case(
        "a git client",
        "import git\ndef tool(repo):\n    git.Repo(repo).index.add(['a'])\n",
        "tool",
        ("w update git {repo}",),
    ),
    Case(
        "an untyped client by its verb",
        "class K:\n    def __init__(self, client):\n        self.client = client\n    def tool(self, m):\n        self.client.send_message(m)\n",
        "K.tool",
        ("w send http message*",),
    ),
    Case(
        "a dataclass argument",
        "from dataclasses import dataclass\n@dataclass\nclass In:\n    path: str\ndef tool(i: In):\n    open(i.path, 'w').close()\n",
        "tool",
        ("w write file {i.path}",),
    ),
    Case(
        "a generator-based manager",
        "from contextlib import contextmanager\nS = []\n@contextmanager\ndef scope(x):\n    S.append(x)\n    yield x\n    S.pop()\ndef tool(x):\n    with scope(x) as y:\n        open(y, 'w').close()\n",
        "tool",
        ("w append memory {global:S}", "w write file {x}", "rw consume memory {global:S}"),
    ),
    Case(
        "a comprehension over shared state",
        "S = {}\ndef put(k):\n    S[k] = 1\ndef tool():\n    put('a')\n    return [k for k, v in S.items()]\n",
        "tool",
        ("w write memory {global:S}[a]", "r list memory {global:S}"),
    ),
    Case("del of an entry", "S = {}\ndef tool(k):\n    del S[k]\n", "tool", ("w delete memory {global:S}[{k}]",)),
    Case(
        "a module global set to a client by a function",
        "class M:\n    def __init__(self):\n        self.d = {}\n    def put(self, k):\n        self.d[k] = 1\n_m = None\ndef get():\n    global _m\n    if _m is None:\n        _m = M()\n    return _m\n"
        "def tool(k):\n    get().put(k)\n",
        "tool",
        (
            "r check memory {global:_m} [lazy-init]",
            "w write memory {global:_m} [lazy-init]",
            "r read memory {global:_m} [lazy-init]",
            "w write memory {self:d}[{k}]",
        ),
    ),
)

TYPED = "import httpx, sqlite3\nfrom typing import Annotated, Any, Callable, Dict, List, Literal, Optional, Union\n"
STORE = "class Store:\n    def __init__(self):\n        self.d = {}\n    def put(self, k):\n        self.d[k] = 1\n"

MORE = (
    *(
        Case(
            f"a client by the annotation {annotation}",
            TYPED + f"def helper(c: {annotation}, u):\n    c.delete(u)\ndef tool(u):\n    helper(make(), u)\n",
            "tool",
            ("w delete http {u}",),
        )
        for annotation in (
            "httpx.Client",
            "'httpx.Client'",
            "Optional[httpx.Client]",
            "httpx.Client | None",
            "Annotated[httpx.Client, 1]",
            "Union[None, httpx.Client]",
        )
    ),
    *(
        Case(
            f"shared stores in {annotation}",
            TYPED
            + STORE
            + f"class K:\n    def __init__(self, stores: {annotation}):\n        self.stores = stores\n    def tool(self, k):\n        {use}\n",
            "K.tool",
            ("w write memory {self:d}[{k}]",),
        )
        for annotation, use in (
            ("Dict[str, Store]", "self.stores[k].put(k)"),
            ("'dict[str, Store]'", "self.stores.get(k).put(k)"),
            ("List[Store]", "[s.put(k) for s in self.stores]"),
            ("Store", "self.stores.put(k)"),
            ("'Store | None'", "self.stores.put(k)"),
        )
    ),
    Case(
        "an attribute assigned outside the constructor",
        STORE
        + "class K:\n    def __init__(self):\n        self.s = None\n    def setup(self):\n        if True:\n            self.s = Store()\n    def tool(self, k):\n        self.s.put(k)\n",
        "K.tool",
        ("w write memory {self:d}[{k}]",),
    ),
    Case(
        "a mutable class attribute is shared by all instances",
        "class K:\n    seen = []\n    def add(self, k):\n        self.seen.append(k)\ndef tool(k):\n    K().add(k)\n",
        "tool",
        ("w append memory {self:seen}",),
    ),
    Case(
        "a singleton by __new__",
        "class M:\n    _instance = None\n    def __new__(cls):\n        if cls._instance is None:\n            cls._instance = super().__new__(cls)\n            cls._instance.d = {}\n        return cls._instance\n"
        "    def put(self, k):\n        self.d[k] = 1\ndef tool(k):\n    M().put(k)\n",
        "tool",
        ("w write memory {self:d}[{k}]",),
    ),
    Case(
        "containers that define their own operators",
        "class B:\n    def __init__(self):\n        self.d = {}\n    def __setitem__(self, k, v):\n        self.d[k] = v\n    def __getitem__(self, k):\n        return self.d[k]\n    def __contains__(self, k):\n        return k in self.d\n"
        "    def __len__(self):\n        return len(self.d)\n    def __delitem__(self, k):\n        del self.d[k]\n    def __call__(self, k):\n        self.d.pop(k)\nb = B()\ndef tool(k):\n    if k in b and len(b):\n        b[k] = b[k]\n    del b[k]\n    b(k)\n",
        "tool",
        (
            "r check memory {self:d}[{k}]",
            "r list memory {self:d}",
            "r read memory {self:d}[{k}]",
            "w write memory {self:d}[{k}]",
            "w delete memory {self:d}[{k}]",
            "rw consume memory {self:d}[{k}]",
        ),
    ),
    Case(
        "setattr, del of an attribute, augmented attributes",
        "class K:\n    def __init__(self):\n        self.n = 0\n        self.xs = []\n    def tool(self):\n        setattr(self, 'a', 1)\n        self.n += 1\n        self.xs += [1]\n        del self.a\n",
        "K.tool",
        (
            "w write memory {self:a}",
            "r read memory {self:n}",
            "w increment memory {self:n}",
            "w append memory {self:xs}",
            "w delete memory {self:a}",
        ),
    ),
    Case(
        "nested state through an alias",
        "S = {}\ndef tool(k, v):\n    inner = S[k]\n    inner['x'] = v\n    inner.setdefault('y', []).append(v)\n",
        "tool",
        (
            "r read memory {global:S}[{k}]",
            "w write memory {global:S}[{k}][x]",
            "rw ensure memory {global:S}[{k}][y]",
            "w append memory {global:S}[{k}][y]",
        ),
    ),
    Case(
        "a container handed to a helper",
        "S = []\ndef add(xs, x):\n    xs.append(x)\ndef tool(x):\n    add(S, x)\n    add([], x)\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "get-or-create by exception",
        "S = {}\ndef tool(k):\n    try:\n        return S[k]\n    except KeyError:\n        S[k] = 1\n        return 1\n",
        "tool",
        ("r read memory {global:S}[{k}]", "w write memory {global:S}[{k}]"),
    ),
    Case(
        "with several managers, async too",
        "import aiofiles\nasync def tool(a, b):\n    async with aiofiles.open(a) as f, aiofiles.open(b, 'w') as g:\n        await g.write(await f.read())\n",
        "tool",
        ("r read file {a}", "w write file {b}"),
    ),
    Case(
        "asynchronous iteration",
        "S = []\nasync def tool(xs):\n    async for x in xs:\n        S.append(x)\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "a decorator with arguments and a decorator class",
        "S = []\ndef tagged(t):\n    def deco(f):\n        def inner(*a):\n            S.append(t)\n            return f(*a)\n        return inner\n    return deco\n"
        "class Wrap:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self, *a):\n        return self.f(*a)\n@tagged('x')\ndef one(p):\n    open(p, 'w').close()\n@Wrap\ndef two(p):\n    open(p, 'a').close()\ndef tool(p):\n    one(p)\n    two(p)\n",
        "tool",
        ("w append memory {global:S}", "w write file {p}", "w append file {p}"),
    ),
    Case(
        "a cached function's result is shared",
        "import functools\n@functools.lru_cache\ndef reg():\n    return {}\ndef tool(k):\n    reg()[k] = 1\n",
        "tool",
        ("w write memory {global:reg}[{k}]",),
    ),
    Case(
        "a default argument that is a container is shared",
        "def tool(x, acc=[]):\n    helper(x)\ndef helper(x, acc=[]):\n    acc.append(x)\n",
        "tool",
        ("w append memory {global:helper.acc}",),
    ),
    Case(
        "an abstract store by the verb of its method",
        "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n    def upsert(self, k): ...\nclass K:\n    def __init__(self, store: Base):\n        self.store = store\n    def tool(self, k):\n        self.store.upsert(k)\n",
        "K.tool",
        ("w write other *",),
    ),
    Case(
        "SQL through an untyped connection",
        "class K:\n    def __init__(self, conn):\n        self.conn = conn\n    def tool(self, i):\n        cursor = self.conn.cursor()\n        cursor.execute('DELETE FROM t WHERE id = ?', (i,))\n",
        "K.tool",
        ("w delete sql t",),
    ),
    Case(
        "a folder made where it is missing",
        "import os\ndef tool(d):\n    if not os.path.exists(d):\n        os.makedirs(d)\n",
        "tool",
        ("r check file {d}", "w create dir {d}"),
    ),
    Case(
        "a folder made on the way to a file",
        "import os\ndef tool(d, t):\n    if not os.path.exists(d):\n        os.makedirs(d)\n    with open(d + '/x', 'w') as f:\n        f.write(t)\n",
        "tool",
        ("r check file {d} [ensure-folder]", "w create dir {d} [ensure-folder]", "w write file {d}/x"),
    ),
    Case(
        "a count kept in a cache",
        "CACHE = {}\ndef tool(k):\n    CACHE[k] = CACHE.get(k, 0) + 1\n",
        "tool",
        ("r read memory {global:CACHE}[{k}]", "w write memory {global:CACHE}[{k}]"),
    ),
    Case(
        "an import inside the function",
        "def tool(p):\n    import os as o\n    from os import remove\n    o.mkdir(p)\n    remove(p)\n",
        "tool",
        ("w create dir {p}", "w delete file {p}"),
    ),
    Case(
        "nested functions, classes and nonlocals of the call",
        "def tool(p):\n    class C:\n        pass\n    total = 0\n    def add(x):\n        nonlocal total\n        total = total + x\n    def twice(x):\n        add(x)\n        add(x)\n    twice(1)\n    open(p, 'w').write(str(total))\n",
        "tool",
        ("w write file {p}",),
    ),
    Case(
        "a connection kept, a clock, a token file, a cache file",
        "import time, json\nclass K:\n    def __init__(self):\n        self._conn = None\n        self._ok = False\n        self.last_request_time = 0\n    def _connect(self):\n        self._conn = object()\n"
        "    def _save_cache(self, q):\n        open(q + '.json', 'w').write('x')\n    def tool(self, q):\n        if not self._ok:\n            self._connect()\n        self.last_request_time = time.time()\n"
        "        open('token.json', 'w').write('x')\n        self._save_cache(q)\n",
        "K.tool",
        (
            "w write memory {self:_conn} [lazy-init]",
            "w write memory {self:last_request_time} [telemetry]",
            "w write file token.json [memo]",
            "w write file {q}.json [memo]",
        ),
    ),
    Case("code that is run is opaque", "def tool(c):\n    exec(c)\n", "tool", ("rw opaque subprocess python",)),
)
CASES = (*CASES, *MORE)

UNTYPED = "class K:\n    def __init__(self, client, page=None):\n        self.client = client\n        self.page = page\n    def tool(self, k):\n        {}\n"
CLIENTS = (
    *(
        Case(f"an untyped client: {body}", UNTYPED.format(body), "K.tool", expected)
        for body, expected in (
            ("return self.client.get_item(k)", ("r read http item*",)),
            ("self.client.delete_item(k)", ("w delete http item*",)),
            ("self.client.events().insert(k)", ("w append other *",)),
            ("self.page.click(k)", ("w update browser *",)),
            ("self.client.close()", ()),
            ("self.client.connect(k).send(k)", ("w send other *",)),
        )
    ),
    Case("an import that nothing resolves", "from gone import session\ndef tool(k):\n    return session.fetch_all(k)\n", "tool", ()),
    Case(
        "json written to an open file by position",
        "import json\ndef tool(p, q):\n    f = open(p, mode='w')\n    json.dump({}, fp=f)\n    f.close()\n",
        "tool",
        ("w write file {p}",),
    ),
    Case(
        "a thread with arguments",
        "import threading\nS = []\ndef work(x):\n    S.append(x)\ndef tool(x):\n    threading.Thread(target=work, args=(x,)).start()\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "coroutines gathered",
        "import asyncio\nS = {}\nasync def put(k):\n    S[k] = 1\nasync def tool(a, b):\n    await asyncio.gather(put(a), put(b))\n",
        "tool",
        ("w write memory {global:S}[{a}]", "w write memory {global:S}[{b}]"),
    ),
    Case(
        "a pool's workers",
        "from concurrent.futures import ThreadPoolExecutor\nS = []\ndef tool(x):\n    with ThreadPoolExecutor() as pool:\n        pool.submit(S.append, x)\n",
        "tool",
        ("w append memory {global:S}",),
    ),
    Case(
        "sorting and clearing shared lists",
        "S = []\ndef tool():\n    S.sort()\n    S.clear()\n    return S.copy()\n",
        "tool",
        ("rw update memory {global:S}", "w delete memory {global:S}", "r read memory {global:S}"),
    ),
    Case(
        "sets and deques",
        "from collections import deque\nQ = deque()\nS = set()\ndef tool(k):\n    S.add(k)\n    Q.append(k)\n    return Q.popleft()\n",
        "tool",
        ("w ensure memory {global:S}[{k}]", "w append memory {global:Q}", "rw consume memory {global:Q}"),
    ),
    Case(
        "a collection of a client that the catalogue lists keeps its effects",
        "import docker\nclient = docker.from_env()\ndef f(id):\n    client.containers.get(id).stop()\n",
        "f",
        ("r read docker {id}", "w update docker {id}"),
    ),
    Case(
        "an attribute that the catalogue does not list loses nothing behind it",
        "import docker\nclient = docker.from_env()\ndef f(id):\n    client.gadgets.get(id).stop()\n",
        "f",
        ("r read docker *", "w update other *"),
    ),
    Case(
        "what stands in the lifespan of a server is not harmless because the server is",
        "from mcp.server import Server\napp = Server('x')\ndef f(id):\n    app.request_context.lifespan_context.docker.containers.get(id).stop()\n",
        "f",
        ("r read docker *", "w update other *"),
    ),
    Case(
        "nor by subscript",
        "from mcp.server import Server\napp = Server('x')\ndef f(id):\n    app.request_context.lifespan_context['d'].containers.get(id).stop()\n",
        "f",
        ("r read other *", "w update other *"),
    ),
    Case(
        "an attribute hung on a harmless server is not harmless",
        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\nmcp.store = open_store()\ndef f(x):\n    mcp.store.put(x)\n",
        "f",
        ("w write other *",),
    ),
    Case(
        "what the lifespan yields is what the tools are given",
        "from contextlib import asynccontextmanager\nfrom mcp.server.fastmcp import Context, FastMCP\n"
        "class Store:\n    def __init__(self):\n        self.items = {}\n    def add(self, k, v):\n        self.items[k] = v\n"
        "@asynccontextmanager\nasync def life(server):\n    yield {'store': Store(), 'n': 0}\nmcp = FastMCP('x', lifespan=life)\n"
        "@mcp.tool()\ndef f(ctx: Context, k, v):\n    held = mcp.get_context().request_context.lifespan_context\n    held['store'].add(k, v)\n"
        "    held['n'] += 1\n",
        "f",
        ("w write memory {state:store}.items[{k}]", "r read memory {state:n}", "w increment memory {state:n}"),
    ),
    Case(
        "a class whose base nobody described may do anything",
        "from mystery import Base\nclass Mine(Base):\n    pass\ndef f(x):\n    Mine().send(x)\n",
        "f",
        ("w send other *",),
    ),
    Case(
        "a method of a client kept in a variable",
        "import mystery\nCLIENT = mystery.Thing()\ndef f(x):\n    g = CLIENT.delete\n    g(x)\n",
        "f",
        ("w delete other *",),
    ),
    Case(
        "a counter that is all that the tool is for",
        "counter = 0\ndef bump():\n    global counter\n    counter += 1\n    return counter\n",
        "bump",
        ("r read memory {global:counter}", "w increment memory {global:counter}"),
    ),
    Case(
        "verbosity is a setting of the log",
        "debug_on = False\ndef verbose():\n    global debug_on\n    debug_on = True\ndef f(p):\n    verbose()\n    open(p, 'w').close()\n",
        "f",
        ("w write memory {global:debug_on} [telemetry]", "w write file {p}"),
    ),
    Case(
        "a client that a decorator puts into an attribute",
        "from googleapiclient.discovery import build\ndef signed_in(name):\n    def decorator(func):\n        def wrapper(self, *args, **kwargs):\n"
        "            if not self._service:\n                self._service = self._build()\n            return func(self, *args, **kwargs)\n"
        "        return wrapper\n    return decorator\nauthenticate = signed_in('gmail')\nclass Kit:\n    def __init__(self):\n"
        "        self._service = None\n    def _build(self):\n        return build('gmail', 'v1')\n    @authenticate\n"
        "    def trash(self, id):\n        self._service.users().messages().trash(userId='me', id=id).execute()\n",
        "Kit.trash",
        ("r check memory {self:_service} [lazy-init]", "w write memory {self:_service} [lazy-init]", "w update http gmail[*]"),
    ),
    Case(
        "an attribute that is only known to be None is not known",
        "class Kit:\n    def __init__(self):\n        self.client = None\n    def start(self, client):\n        self.client = client\n"
        "    def f(self, x):\n        self.client.send(x)\n",
        "Kit.f",
        ("w send http *",),
    ),
    Case(
        "getting and keeping the program's own credentials is bookkeeping",
        "import requests\nTOKENS = {}\ndef refresh_token(user):\n    TOKENS[user] = requests.post('https://a.example/t').json()\n"
        "def f(user, p):\n    if user not in TOKENS:\n        refresh_token(user)\n    requests.put('https://a.example/x', headers=TOKENS)\n",
        "f",
        (
            "r check memory {global:TOKENS}[{user}] [lazy-init]",
            "r read http https://a.example/t [lazy-init]",
            "w write memory {global:TOKENS}[{user}] [lazy-init]",
            "r read memory {global:TOKENS} [lazy-init]",
            "w write http https://a.example/x",
        ),
    ),
    Case(
        "a constant program with an argument of the model's is no free shell",
        "import subprocess\ndef f(pattern, path):\n    subprocess.run(['rg', '-n', pattern, path])\n",
        "f",
        ("r list dir {path}",),
    ),
    Case(
        "nor with a rest that is not known",
        "import subprocess\ndef f(paths: list[str]):\n    subprocess.run(['git', 'log', '--', *paths])\n",
        "f",
        ("r read git {cwd}",),
    ),
    Case(
        "the read of a known member of a closed-over dict",
        "def make():\n    seen = {'n': 0}\n    def tool():\n        n = seen['n']\n        seen['n'] = n + 1\n        return n\n    return tool\n",
        "make.tool",
        ("r read memory {cell:seen}[n]", "w write memory {cell:seen}[n]"),
    ),
    Case(
        "clients in a global store, under what they are made of, are kept for the next calls",
        "import redis\nclients = {}\ndef get(name):\n    if name not in clients:\n        clients[name] = redis.Redis(name)\n    return clients[name]\n"
        "def tool(name):\n    get(name)\n",
        "tool",
        (
            "r check memory {global:clients}[{name}] [memo]",
            "w write memory {global:clients}[{name}] [memo]",
            "r read memory {global:clients}[{name}] [memo]",
        ),
    ),
    Case(
        "walking over an answer is part of the statement",
        "def run(cursor, sql):\n    cursor.execute(sql)\n    while cursor.nextset():\n        pass\n    return cursor.fetchall()\n"
        "import dbx\nbase = dbx.connect()\ndef tool():\n    return run(base.cursor(), 'SELECT a FROM t')\n",
        "tool",
        ("r read sql t",),
    ),
    Case(
        "an operation of a client chosen at run time may be any",
        "import boto3\ndef tool(op, args):\n    client = boto3.client('sqs')\n    getattr(client, op)(**args)\n",
        "tool",
        ("rw opaque aws sqs",),
    ),
)
CASES = (*CASES, *CLIENTS)
