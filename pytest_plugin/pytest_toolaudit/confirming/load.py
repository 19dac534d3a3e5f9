"""A tool of a scan → something that can be called: its module imported, its object made, its closure found."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from pytest_toolaudit.calls import underlying
from pytest_toolaudit.confirming.arguments import made_up
from pytest_toolaudit.confirming.conftests import spelled_as_fixture
from pytest_toolaudit.confirming.enclosing import closure
from pytest_toolaudit.confirming.installing import to_install
from pytest_toolaudit.confirming.settings import speaks_of_a_variable
from pytest_toolaudit.confirming.stoodin import blamed, globals_stood_in, modules_stood_in
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied


def load(file: Path, function: str, supplied: Supplied) -> Callable[..., Any]:
    """The callable of a tool, as `found_in` finds it; one that hands back a coroutine of another function is awaited, as runners do."""
    found = found_in(file, function, supplied)
    if not hands_back_coroutine(found):
        return found

    @functools.wraps(found)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        return await found(*args, **kwargs)

    return awaited


def hands_back_coroutine(function: Callable[..., Any]) -> bool:
    """Whether a plain function ends with `return other(…)` where `other` is a coroutine function."""
    code = getattr(function, "__code__", None)
    if code is None or inspect.iscoroutinefunction(function):
        return False
    called: Any = None
    last = ""
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            called = function.__globals__.get(step.argval) if called is None else called
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and inspect.ismodule(called):
            called = getattr(called, step.argval, None)
        elif step.opname in ("RETURN_VALUE", "POP_TOP", "STORE_FAST"):
            if step.opname == "RETURN_VALUE" and last.startswith("CALL") and inspect.iscoroutinefunction(called):
                return True
            called = None
        last = step.opname
    return False


def found_in(file: Path, function: str, supplied: Supplied) -> Callable[..., Any]:
    """The callable that `function` (as `__qualname__` without `<locals>`) names in a file.

    Methods are bound to an instance, nested functions are found after their outer function was called. Raises CannotRunError.
    """
    owner: Any = import_file(file)
    parts = function.split(".")
    for position, part in enumerate(parts):
        if inspect.isclass(owner):
            return _method(owner, parts[position:], supplied)
        plain = undecorated(owner) if position else None
        if plain is not None:
            return closure(plain, parts[position:], supplied)
        if not hasattr(owner, part):
            raise CannotRunError(f"{file.name} has no {'.'.join(parts[: position + 1])} at run time")
        owner = getattr(owner, part)
    if inspect.isclass(owner):
        return _method(owner, [], supplied)
    found: Callable[..., Any] | None = undecorated(owner)
    if found is None:
        raise CannotRunError(f"{function} is a {type(owner).__name__}, which does not show its function")
    return found


def import_file(file: Path) -> ModuleType:
    """The module of a file, imported under the name that its packages give it. Raises CannotRunError when the import fails."""
    file = file.resolve()
    root, name = import_name(file)
    loaded = sys.modules.get(name)
    if loaded is not None and _same(loaded, file):
        return loaded
    if loaded is not None:
        return _import_apart(file)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        return _retried(name, error)
    except (Exception, SystemExit) as error:
        return _retried(name, error)


def _retried(name: str, error: BaseException) -> ModuleType:
    """The module, imported with the framework stood in whose installed version it does not fit. Raises CannotRunError otherwise."""
    roots = blamed(error, name.partition(".")[0])
    if roots:
        try:
            with modules_stood_in(roots):
                return importlib.import_module(name)
        except (Exception, SystemExit) as second:  # the first failure tells more, unless settings are all that is missing now
            error = second if speaks_of_a_variable(_said(second)) else error
    if isinstance(error, ModuleNotFoundError):
        missing = error.name or ""
        raise CannotRunError(f"imports {missing}, which is not installed", f"install {to_install(missing, name)} here") from None
    raise CannotRunError(f"import fails: {_said(error)}", "make the module importable without its environment") from None


def import_name(file: Path) -> tuple[Path, str]:
    """The folder to import from, and the dotted name: packages are followed up as long as there is an `__init__.py`."""
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    for _ in range(0 if (folder / "__init__.py").exists() else _levels(file)):  # packages without an `__init__.py`
        parts.append(folder.name)
        folder = folder.parent
    while (folder / "__init__.py").exists():
        parts.append(folder.name)
        folder = folder.parent
    return folder, ".".join(reversed(parts))


def _levels(file: Path) -> int:
    """How many packages up a file's own relative imports reach."""
    try:
        dots = re.findall(r"^\s*from\s+(\.+)", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    except OSError:
        return 0
    return max(map(len, dots), default=0)


def _same(module: ModuleType, file: Path) -> bool:
    return bool(module.__file__) and Path(str(module.__file__)).resolve() == file


def _import_apart(file: Path) -> ModuleType:
    """Another module has this name already: this one is loaded under a name of its own."""
    name = f"_toolaudit_{abs(hash(str(file)))}_{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise CannotRunError(f"{file.name} is no importable file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise CannotRunError(f"import fails: {_said(error)}") from None
    finally:
        sys.path.remove(str(file.parent))
    return module


_FROM_PYDANTIC = re.compile(r"\s*\[type=.*|\s*For further information visit .*")


def _said(error: BaseException) -> str:
    """In one line; a validation error tells what is wrong only in those that follow its first."""
    lines = [line.strip() for text in str(error).splitlines() if (line := _FROM_PYDANTIC.sub("", text)).strip()]
    told = lines if re.search(r"\bvalidation errors? for\b", "".join(lines[:1])) else lines[:1]
    return f"{type(error).__name__}: {'; '.join(told)}"[:300]


def undecorated(value: Any) -> Callable[..., Any] | None:
    """The plain function below a framework's tool object; None when there is none to be seen."""
    try:
        return underlying(value)
    except TypeError:
        return None


def _method(owner: type, parts: list[str], supplied: Supplied) -> Callable[..., Any]:
    instance = instance_of(owner, supplied)
    name = mangled(owner, parts[0]) if parts else next((n for n in ("_run", "forward", "__call__") if hasattr(owner, n)), "__call__")
    found = undecorated(getattr(instance, name, None))
    if found is None:
        raise CannotRunError(f"{owner.__name__}.{name} cannot be called on its own")
    if not inspect.ismethod(found) and isinstance(inspect.getattr_static(owner, name, None), FunctionType | property) is False:
        first = next(iter(inspect.signature(found).parameters), "")
        found = functools.partial(found, instance) if first == "self" else found
    return closure(found, parts[1:], supplied) if len(parts) > 1 else found


def mangled(owner: type, name: str) -> str:
    """A private method's name, as the compiler writes it."""
    return f"_{owner.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name


def instance_of(owner: type, supplied: Supplied) -> Any:
    """The object of the class that all tools of one trial share: supplied, or one that its module already holds, or made with made-up
    arguments. Raises CannotRunError."""
    if owner not in supplied.made:
        supplied.made[owner] = _instance(owner, supplied)
    return supplied.made[owner]


def _instance(owner: type, supplied: Supplied) -> Any:
    if owner.__name__ in supplied.objects:
        return supplied.objects[owner.__name__]()
    module = sys.modules.get(owner.__module__)
    held = [value for value in vars(module).values() if type(value) is owner] if module is not None else []
    if held:
        return held[0]
    try:
        return owner(**made_up(owner, supplied, required_only=True))
    except CannotRunError:
        raise
    except Exception as error:
        made = _made_stood_in(owner, supplied) if blamed(error, owner.__module__.partition(".")[0]) else None
        if made is not None:
            return made
        fixture = spelled_as_fixture(owner.__name__)
        remedy = f'supply it: a fixture `{fixture}` in a conftest.py, or a hook `pytest_toolaudit_objects` that returns {{"{owner.__name__}": make_it}}'
        raise CannotRunError(f"{owner.__name__} cannot be made here: {_said(error)}", remedy) from None


def _made_stood_in(owner: type, supplied: Supplied) -> Any:
    """An instance whose constructor sees stand-ins for the frameworks; None when that fails too."""
    arguments = made_up(owner, supplied, required_only=True)
    with globals_stood_in(vars(sys.modules[owner.__module__]), owner.__module__.partition(".")[0]):
        try:
            return owner(**arguments)
        except Exception:
            return None
