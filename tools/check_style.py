"""Rules of this house that no linter knows, checked on the syntax tree of every Python file.

Each finding is one line, `file:line: what is wrong`. Sorted `__all__`, names, imports and the rest
of the form are ruff's; the direction of imports is import-linter's.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "tools", "benchmarks")

FILE_LINES_MAX = 500
ALONE = {"src/musterpoint/transparency/verifier.py": 800}
"""Lines of files that are run without the rest, and so cannot be parted."""

FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 6
DRAWERS = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
PRINTING = ("src/musterpoint/cli/", "tools/", "benchmarks/")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One Python file.

    path  relative to the root of the clone
    """

    root: Path
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    @property
    def is_kernels(self) -> bool:
        """Whether it holds functions for the compiler alone, which follow other rules."""
        return self.path.stem.startswith("kernels")

    @property
    def is_test(self) -> bool:
        """Whether it belongs to the tests."""
        return self.path.parts[0] == "tests"

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


@dataclass(frozen=True, order=True)
class Finding:
    """A rule that is broken somewhere."""

    path: Path
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


Rule = Callable[[Source], Iterator[tuple[int, str]]]


def file_is_short(source: Source) -> Iterator[tuple[int, str]]:
    """A file has one idea, which takes at most 500 lines."""
    allowed = ALONE.get(source.path.as_posix(), FILE_LINES_MAX)
    if len(source.lines) > allowed:
        yield allowed + 1, f"{len(source.lines)} lines, at most {allowed} are allowed"


def functions_are_short(source: Source) -> Iterator[tuple[int, str]]:
    """A function can be seen at once: at most 60 lines from `def` to its end."""
    for function in source.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield (
                function.lineno,
                f"{function.name} has {length} lines, at most {FUNCTION_LINES_MAX} are allowed",
            )


def parameters_are_few(source: Source) -> Iterator[tuple[int, str]]:
    """More than six parameters are a value that has no name yet."""
    if source.is_kernels or source.is_test:
        return  # The compiler knows no values but arrays and numbers; fixtures come as parameters.
    for function in source.functions():
        if any("click" in ast.unparse(decorator) for decorator in function.decorator_list):
            continue  # Click hands each option to a parameter of its own.
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        count = len([argument for argument in named if argument.arg not in {"self", "cls"}])
        if count > PARAMETERS_MAX:
            yield (
                function.lineno,
                f"{function.name} takes {count} parameters, at most {PARAMETERS_MAX} are allowed",
            )


def name_is_no_drawer(source: Source) -> Iterator[tuple[int, str]]:
    """A function without a home belongs to a concept without a name."""
    for part in source.path.with_suffix("").parts:
        if part.strip("_") in DRAWERS:
            yield 1, f"{part!r} names no concept"


def nothing_prints(source: Source) -> Iterator[tuple[int, str]]:
    """Only the command line and the tools talk to a person."""
    if source.path.as_posix().startswith(PRINTING):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print belongs to the command line and the tools"


def module_says_its_idea(source: Source) -> Iterator[tuple[int, str]]:
    """The first line of a file says in one sentence what it is about."""
    if ast.get_docstring(source.tree) is None and source.tree.body:
        yield 1, "the file does not say in its first line what it is about"


def kernels_are_leaves(source: Source) -> Iterator[tuple[int, str]]:
    """What is compiled knows nothing of the product but other kernels."""
    if not source.is_kernels or source.is_test:
        return
    for node in ast.walk(source.tree):
        for name in imported(node):
            first, *rest = name.split(".")
            if first == "musterpoint" and not any(part.startswith("kernels") for part in rest):
                yield getattr(node, "lineno", 1), f"kernels must not import {name}"


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports, as dotted names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def comments_are_finished(source: Source) -> Iterator[tuple[int, str]]:
    """No notes to oneself; a silenced check is named, and for types the reason given."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, text = token.start[0], token.string
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text):
            yield line, "an unfinished matter belongs into an issue"
        if silenced := re.search(r"(type: ignore|noqa)(.*)", text):
            named = re.match(r"(\[[\w-]+(, ?[\w-]+)*\]|: ?[A-Z]+\d+(, ?[A-Z]+\d+)*)(.*)", silenced[2])
            above = source.lines[line - 2].strip() if line > 1 else ""
            if named is None:
                yield line, f"{silenced[1]} does not name the check that it silences"
            elif silenced[1] == "noqa" or source.is_test:
                continue  # A lint's name says enough, and tests break types on purpose.
            elif not (named[4].strip(" #") or above.startswith("#")):
                yield line, "type: ignore gives no reason, neither behind it nor in a comment above"


def public_names_are_documented(source: Source) -> Iterator[tuple[int, str]]:
    """What a package offers in `__all__` says what it is."""
    if source.path.name != "__init__.py" or source.path.parts[0] != "src":
        return
    for name in exported(source.tree):
        found = definition(source, name)
        if found is None:
            yield 1, f"{name} is in __all__ but was not found"
            continue
        where, line, is_documented = found
        if not is_documented:
            yield 1, f"{name} ({where}:{line}) is public and has no docstring"


def exported(tree: ast.Module) -> list[str]:
    """The names in a module's `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def definition(source: Source, name: str) -> tuple[Path, int, bool] | None:
    """Where a name is defined (file, line), looked for through imports, and whether it is documented."""
    body = source.tree.body
    for place, node in enumerate(body):
        if isinstance(node, Definition) and node.name == name:
            return source.path, node.lineno, is_documented(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in assigned(node):
            return source.path, node.lineno, any(map(is_text, body[place + 1 : place + 2]))
    return next(filter(None, (elsewhere(source, part, name) for part in ast.walk(source.tree))), None)


def elsewhere(source: Source, node: ast.AST, name: str) -> tuple[Path, int, bool] | None:
    """What `definition` says of a name that an import statement brings in; None for any other node."""
    if not (isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("musterpoint")):
        return None
    original = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), None)
    if original is None:
        return None
    if submodule := module(source.root, f"{node.module}.{original}"):
        return submodule.path, 1, ast.get_docstring(submodule.tree) is not None
    origin = module(source.root, node.module)
    return definition(origin, original) if origin else None


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a bare string, as stands below a documented constant."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def assigned(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """The names that an assignment binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def is_documented(node: Definition) -> bool:
    """Whether a function, or a class and each of its public methods, has a docstring."""
    methods = (
        [part for part in node.body if isinstance(part, Function)] if isinstance(node, ast.ClassDef) else []
    )
    public = [method for method in methods if not method.name.startswith("_")]
    return all(ast.get_docstring(part) for part in (node, *public))


def module(root: Path, name: str) -> Source | None:
    """A module of the product by its dotted name."""
    stem = root / "src" / Path(*name.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return Source(root, path.relative_to(root), path.read_text(encoding="utf-8"))
    return None


def errors_have_own_codes(source: Source) -> Iterator[tuple[int, str]]:
    """Each class of errors has a code that is nobody else's."""
    if source.path.as_posix() != "src/musterpoint/errors.py":
        return
    owners: dict[str, str] = {}
    for node in source.tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        codes = [
            ast.literal_eval(statement.value)
            for statement in node.body
            if isinstance(statement, ast.Assign | ast.AnnAssign)
            and statement.value
            and "code" in assigned(statement)
        ]
        if not codes:
            yield node.lineno, f"{node.name} has no code of its own"
        elif codes[0] in owners:
            yield node.lineno, f"{node.name} has the code of {owners[codes[0]]}: {codes[0]}"
        else:
            owners[codes[0]] = node.name


RULES: tuple[Rule, ...] = (
    file_is_short,
    functions_are_short,
    parameters_are_few,
    name_is_no_drawer,
    nothing_prints,
    module_says_its_idea,
    kernels_are_leaves,
    comments_are_finished,
    public_names_are_documented,
    errors_have_own_codes,
)


def sources(root: Path) -> Iterator[Source]:
    """The Python files that the rules are for."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(root, path.relative_to(root), path.read_text(encoding="utf-8"))


def findings(root: Path) -> list[Finding]:
    """Everything in the clone at `root` that breaks a rule, by file and line."""
    return sorted(
        Finding(source.path, line, words)
        for source in sources(root)
        for rule in RULES
        for line, words in rule(source)
    )


def main() -> int:
    """Print the findings. Returns the exit code."""
    found = findings(ROOT)
    print("\n".join(map(str, found)) or f"{len(RULES)} rules hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
