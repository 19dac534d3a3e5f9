"""Files get the module names that Python would give them, and imports find the files Python would find."""

from __future__ import annotations

import pytest

from toolaudit.project.resolve import External, FunctionRef, ModuleRef, Resolver

CASES = {
    # files, roots, {module asked for: file found}, {file: its module}
    "package": (["pkg/__init__.py", "pkg/a.py", "pkg/sub/__init__.py", "pkg/sub/b.py"], ["."],
                {"pkg": "pkg/__init__.py", "pkg.a": "pkg/a.py", "pkg.sub.b": "pkg/sub/b.py"},
                {"pkg/sub/__init__.py": "pkg.sub"}),
    "src layout": (["src/pkg/__init__.py", "src/pkg/a.py", "src/loose.py"], ["."],
                   {"pkg.a": "src/pkg/a.py", "loose": "src/loose.py"}, {"src/loose.py": "loose"}),
    "several import roots": (["libs/one/one/__init__.py", "libs/two/src/two/__init__.py"], ["."],
                             {"one": "libs/one/one/__init__.py", "two": "libs/two/src/two/__init__.py"}, {}),
    "namespace package": (["space/part/a.py", "space/other/__init__.py"], ["."],
                          {"space.part.a": "space/part/a.py", "space.other": "space/other/__init__.py", "other": "space/other/__init__.py"},
                          {"space/part/a.py": "space.part.a"}),
    "projects in a project": (["one/src/a.py", "two/src/ns/b.py"], ["."], {"a": "one/src/a.py", "ns.b": "two/src/ns/b.py"}, {"two/src/ns/b.py": "ns.b"}),
    "part of a package": (["pkg/__init__.py", "pkg/core.py", "pkg/tools/__init__.py", "pkg/tools/t.py"], ["pkg/tools"],
                          {"pkg.core": "pkg/core.py", "pkg.tools.t": "pkg/tools/t.py", "pkg": "pkg/__init__.py"}, {}),
    "foreign": (["app/a.py", "requests.py"], ["app"], {"requests": None, "json": None, "a": "app/a.py"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_modules(project, name):
    files, roots, found, names = CASES[name]
    opened = project(dict.fromkeys(files, "x = 1\n"), *roots)
    for module, path in found.items():
        index = opened.module(module)
        assert (index and index.path) == path
    for path, module in names.items():
        assert opened.index(path).module == module


def imports(project, source, path, files, *roots):
    opened = project({**dict.fromkeys(files, "x = 1\n"), path: source}, *roots)
    return {b.name: opened.module(b.module).path if opened.module(b.module) else b.module for b in opened.index(path).imports}


def test_relative_imports_are_resolved(project):
    source = "from . import a\nfrom .b import x\nfrom .. import c as d\nfrom ..sub2.e import y\n"
    files = ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/b.py", "pkg/sub2/__init__.py", "pkg/sub2/e.py"]
    assert imports(project, source, "pkg/sub/m.py", files) == {
        "a": "pkg/sub/__init__.py", "x": "pkg/sub/b.py", "d": "pkg/__init__.py", "y": "pkg/sub2/e.py",
    }  # fmt: skip


def test_a_relative_import_past_the_top_keeps_its_dots(project):
    assert imports(project, "from ...a import b\n", "m.py", []) == {"b": "...a"}


def test_a_package_resolves_against_itself(project):
    assert imports(project, "from .a import x\n", "pkg/__init__.py", ["pkg/a.py"]) == {"x": "pkg/a.py"}


def test_scripts_import_their_own_neighbour(project):
    files = {"one/helpers.py": "x = 1\n", "two/helpers.py": "x = 2\n", "one/m.py": "import helpers\n", "two/m.py": "import helpers\n"}
    opened = project(files)
    found = [opened.module(opened.index(f"{where}/m.py").imports[0].module).path for where in ("one", "two")]
    assert found == ["one/helpers.py", "two/helpers.py"]


def test_a_package_does_not_import_its_own_neighbour(project):
    assert imports(project, "import json\n", "pkg/m.py", ["pkg/__init__.py", "pkg/json.py"]) == {"json": "json"}


def test_a_package_imports_what_lies_beside_it(project):
    files = ["serve/pkg/__init__.py", "serve/helpers.py", "serve/more/tools.py", "other/helpers.py"]
    assert imports(project, "import helpers\nimport more.tools as t\nimport json\n", "serve/pkg/m.py", [*files, "serve/json.py"]) == {
        "helpers": "serve/helpers.py", "t": "serve/more/tools.py", "json": "json",
    }  # fmt: skip


def test_a_folder_without_packages_imports_from_above(project):
    found = imports(project, "import tools.x as x\nimport requests\n", "serve/sub/m.py", ["serve/tools/x.py", "tools/y.py"])
    assert found == {"x": "serve/tools/x.py", "requests": "requests"}


def test_imports_inside_functions_find_the_neighbour_too(project):
    opened = project({"a/helpers.py": "", "a/m.py": "def f():\n    if x:\n        import helpers\n"})
    statement = opened.facts("a/m.py", "f").body[0].body[0]
    assert statement.bindings[0].module == "a.helpers"


def test_a_single_file_finds_what_lies_beside_it(project):
    opened = project({"a/helpers.py": "y = 1\n", "a/m.py": "import helpers\n"}, "a/m.py")
    assert opened.candidates == ("a/m.py",)
    assert opened.module(opened.index("a/m.py").imports[0].module).path == "a/helpers.py"
    assert opened.candidates == ("a/m.py",)


def test_a_distribution_is_named_from_where_it_is_installed(project):
    """`space/tools/jira` wraps the library `jira`: in it, `import jira` is that library."""
    files = ["space/tools/jira/__init__.py", "space/tools/jira/more.py", "space_tools_jira-1.0.dist-info/RECORD"]
    source = "import jira\nfrom space.tools.jira import more\n"
    assert imports(project, source, "space/tools/jira/base.py", files) == {"jira": "jira", "more": "space/tools/jira/__init__.py"}


def test_a_module_of_a_folder_without_init_is_a_module_of_the_project(project):
    files = {
        "space/run.py": "from . import base\nfrom .tools import parts\n",
        "space/base.py": "def f(): ...\n",
        "space/tools/parts.py": "x = 1\n",
    }
    resolver = Resolver(project(files, "."))
    base = resolver.name("space/run.py", "base")
    assert base == ModuleRef("space/base.py", "space.base")
    assert resolver.attribute(base, "f") == FunctionRef("space/base.py", "f")
    assert resolver.name("space/run.py", "parts") == ModuleRef("space/tools/parts.py", "space.tools.parts")
    assert resolver.attribute(External("space.tools"), "parts") == ModuleRef("space/tools/parts.py", "space.tools.parts")
    assert resolver.attribute(External("space.tools"), "other") == External("space.tools.other")


def test_what_a_module_does_not_show_is_foreign(project):
    """A compiled or generated module, or one that was left out, may do anything."""
    files = {"pkg/__init__.py": "", "pkg/a.py": "def here(): pass\n", "pkg/b.py": "from . import a, gone\nfrom .a import here, hidden\n"}
    resolver = Resolver(project(files))
    assert resolver.name("pkg/b.py", "a") == ModuleRef("pkg/a.py", "pkg.a")
    assert resolver.name("pkg/b.py", "gone") == External("pkg.gone")
    assert resolver.name("pkg/b.py", "here") == FunctionRef("pkg/a.py", "here")
    assert resolver.name("pkg/b.py", "hidden") == External("pkg.a.hidden")
