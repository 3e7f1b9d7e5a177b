"""Docstrings of public names say what is there: parameters, what comes back, what is raised."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import solweig
from solweig import errors

# Modules whose public names are the face of the package.
FACES = (
    "solweig", "solweig.io", "solweig.geospatial", "solweig.walls", "solweig.postprocess",
    "solweig.gpu", "solweig.progress", "solweig.demo", "solweig.models", "solweig.execution",
    "solweig.xarray", "solweig.validation", "solweig.tiling", "solweig.loaders", "solweig.utils",
    "solweig.physics.wallalgorithms",
)  # fmt: skip

# As numpydoc orders them.
SECTIONS = (
    "Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns", "See Also", "Notes",
    "References", "Examples",
)  # fmt: skip


def sections_of(docstring: str | None) -> dict[str, list[str]]:
    """Lines of each numpydoc section, in the order of the docstring."""
    found: dict[str, list[str]] = {"": []}
    now = ""
    lines = inspect.cleandoc(docstring or "").splitlines()
    for line, below in pairwise([*lines, ""]):
        if below and set(below) == {"-"} and len(below) == len(line):
            assert line in SECTIONS, f"unknown section {line!r}"
            assert line not in found, f"section {line!r} twice"
            now = line
            found[now] = []
        elif not (line and set(line) == {"-"}):
            found[now].append(line)
    return found


def items_of(lines: list[str]) -> list[str]:
    """Names of the items of a section; one line may name several."""
    heads = [line for line in lines if line and not line.startswith(" ")]
    return [name.strip() for head in heads for name in head.split(" : ")[0].split(",")]


@dataclass(frozen=True)
class Said:
    """What a docstring documents, and what the code shows."""

    where: str
    docstring: str | None
    parameters: tuple[str, ...]
    gives: bool
    raised: tuple[type[BaseException], ...] = ()
    #: How a docstring's names of errors are read.
    names: Callable[[str], Any] = vars(builtins).get
    #: Docstrings of what is overridden; sections that are only there count as well.
    overridden: tuple[str | None, ...] = ()


def faults_of(said: Said) -> list[str]:
    """What is wrong with one docstring, in words."""
    if not (said.docstring or "").strip():
        return ["no docstring"]
    try:
        sections = sections_of(said.docstring)
    except AssertionError as fault:
        return [str(fault)]
    faults = []
    order = [SECTIONS.index(name) for name in sections if name]
    if order != sorted(order):
        faults.append(f"sections in the order {[name for name in sections if name]}")
    for base in said.overridden:
        sections = sections_of(base) | sections
    documented = items_of(sections.get("Parameters", []))
    faults += [f"parameter {name}: not documented" for name in said.parameters
               if name not in documented]  # fmt: skip
    faults += [f"parameter {name}: not in the signature" for name in documented
               if name not in said.parameters]  # fmt: skip
    if len(set(documented)) < len(documented):
        faults.append("a parameter is documented twice")
    if said.gives != bool({"Returns", "Yields"} & sections.keys()):
        faults.append("no Returns" if said.gives else "Returns, but nothing comes back")
    kinds = {name: said.names(name) for name in items_of(sections.get("Raises", []))}
    for name, kind in kinds.items():
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            faults.append(f"raises {name}: no error of that name")
    for error in said.raised:
        if not any(isinstance(kind, type) and issubclass(error, kind) for kind in kinds.values()):
            faults.append(f"raises {error.__name__}: not documented")
    faults += [f"section {name} is empty" for name, lines in sections.items()
               if name and not any(lines)]  # fmt: skip
    return faults


# ---------------------------------------------------------------- the package


def public_objects() -> Iterator[tuple[str, Any]]:
    """Every public function and class, by the name it has on a face."""
    for face in FACES:
        module = importlib.import_module(face)
        names = getattr(module, "__all__", None) or [
            name for name, value in vars(module).items()
            if getattr(value, "__module__", "") == face and not name.startswith("_")
        ]  # fmt: skip
        for name in names:
            value = getattr(module, name)
            if not isinstance(value, ModuleType) and callable(value):
                yield f"{face}.{name}", value


def own_raises(function: Callable[..., Any]) -> tuple[type[BaseException], ...]:
    """Errors that a function's own lines raise, told by their names there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    scope = inspect.getclosurevars(function)
    known = {**vars(builtins), **function.__globals__, **scope.nonlocals, **vars(errors)}
    found: list[type[BaseException]] = []
    pending: list[ast.AST] = list(ast.iter_child_nodes(tree.body[0]))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            continue
        pending += ast.iter_child_nodes(node)
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        first, *rest = ast.unparse(called).split(".")
        kind = functools.reduce(lambda x, part: getattr(x, part, None), rest, known.get(first))
        if inspect.isfunction(kind):  # a helper that words the error
            kind = typing.get_type_hints(kind)["return"]
        if isinstance(kind, type) and kind is not NotImplementedError:
            found.append(kind)
    return tuple(found)


def parameters_of(signature: inspect.Signature) -> tuple[str, ...]:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return tuple(
        stars.get(p.kind, "") + p.name
        for p in signature.parameters.values()
        if p.name not in ("self", "cls") and not p.name.startswith("_")
    )


def names_in(module: Mapping[str, Any]) -> Callable[[str], Any]:
    """Errors by name: builtins, the package's, those a module knows."""
    ours = {kind.__name__: kind for kind in (solweig._core.GpuError, *below(errors.SolweigError))}
    return {**vars(builtins), **ours, **module}.get


def below(kind: type) -> Iterator[type]:
    """A class and everything derived from it."""
    yield kind
    for derived in kind.__subclasses__():
        yield from below(derived)


def said_by_function(where: str, function: Any, overridden: Sequence[Any] = ()) -> Said:
    inner = inspect.unwrap(function)
    signature = inspect.signature(function)
    gives = signature.return_annotation not in (None, "None", inspect.Signature.empty)
    return Said(
        where,
        inner.__doc__,
        parameters_of(signature),
        gives,
        own_raises(inner),
        names_in(inner.__globals__),
        tuple(inspect.unwrap(base).__doc__ for base in overridden),
    )


def said_by_class(where: str, kind: type) -> Said:
    """What a class says: parameters may be documented where its ``__init__`` is."""
    bases = [c for c in kind.__mro__ if c.__module__.startswith("solweig")]
    makers = [
        vars(kind)[name] for name in ("__init__", "__post_init__")
        if inspect.isfunction(vars(kind).get(name)) and not is_generated(vars(kind)[name])
    ]  # fmt: skip
    made_here = any("__init__" in vars(c) for c in bases)
    return Said(
        where,
        kind.__doc__,
        parameters_of(inspect.signature(kind)) if made_here else (),
        gives=False,
        raised=tuple(error for maker in makers for error in own_raises(maker)),
        names=names_in(vars(importlib.import_module(kind.__module__))),
        overridden=tuple(c.__doc__ for c in bases[1:]),
    )


def is_generated(function: Any) -> bool:
    """Whether a dataclass wrote the function."""
    return function.__code__.co_filename.startswith("<")


def members_of(kind: type) -> Iterator[tuple[str, Any, list[Any]]]:
    """Public members with what they override, nearest first."""
    ours = [c for c in kind.__mro__ if c.__module__.startswith("solweig")]
    for name in dict.fromkeys(name for c in ours for name in vars(c)):
        if name.startswith("_"):
            continue
        layers = [vars(c)[name] for c in ours if name in vars(c)]
        yield name, layers[0], layers[1:]


def plain_function(member: Any) -> Any:
    return member.__func__ if isinstance(member, classmethod | staticmethod) else member


def whole_face() -> dict[str, Said]:
    """Everything public with a docstring of its own, once, under its first name."""
    found: dict[Any, Said] = {}
    for name, value in public_objects():
        if not isinstance(value, type):
            found.setdefault(value, said_by_function(name, value))
            continue
        if not value.__module__.startswith("solweig"):
            continue
        found.setdefault(value, said_by_class(name, value))
        for member, held, overridden in members_of(value):
            where = f"{name}.{member}"
            if isinstance(held, property):
                found.setdefault(held, Said(where, held.fget.__doc__, (), False))
            elif inspect.isfunction(plain_function(held)):
                bases = [plain_function(base) for base in overridden]
                bases = [base for base in bases if inspect.isfunction(base)]
                function = plain_function(held)
                found.setdefault(function, said_by_function(where, function, bases))
    return {said.where: said for said in found.values()}


FACE = whole_face()


@pytest.mark.parametrize("where", FACE)
def test_public_docstrings_say_what_is_there(where: str) -> None:
    assert faults_of(FACE[where]) == []


def test_the_walk_reaches_the_face() -> None:
    """Else the test above would hold of nothing."""
    for name in (
        "solweig.calculate", "solweig.SurfaceData", "solweig.SurfaceData.prepare",
        "solweig.SurfaceData.with_changes", "solweig.Weather.from_epw", "solweig.TileSpec",
        "solweig.TimeseriesSummary.plot", "solweig.io.load_raster", "solweig.progress.track",
        "solweig.ExecutionConfig", "solweig.models.SvfArrays.from_zip",
    ):  # fmt: skip
        assert name in FACE


# ---------------------------------------------------------------- the engine's stub


def stub_face() -> dict[str, Said]:
    """Functions, classes and methods of the typed face of the extension."""
    path = Path(solweig.__file__ or "").parent / "_core.pyi"
    found: dict[str, Said] = {}

    def visit(body: list[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                found[f"{within}.{node.name}"] = Said(
                    f"{within}.{node.name}",
                    ast.get_docstring(node),
                    stub_parameters(node),
                    ast.unparse(node.returns or ast.Constant(None)) != "None"
                    and not any(ast.unparse(d) == "property" for d in node.decorator_list),
                    names=stub_error,
                )
            elif isinstance(node, ast.ClassDef):
                where = f"{within}.{node.name}"
                makers = [n for n in node.body if getattr(n, "name", "") == "__init__"]
                parameters = [p for n in makers for p in stub_parameters(n)]
                found[where] = Said(
                    where, ast.get_docstring(node), tuple(parameters), False, names=stub_error
                )
                visit(node.body, where)

    visit(ast.parse(path.read_text("utf-8")).body, "_core")
    return found


def stub_parameters(node: Any) -> tuple[str, ...]:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return tuple(a.arg for a in given if a.arg != "self")


def stub_error(name: str) -> Any:
    return getattr(builtins, name, None) or getattr(solweig._core, name, None)


STUB = stub_face()


@pytest.mark.parametrize("where", STUB)
def test_docstrings_of_the_engine_say_what_is_there(where: str) -> None:
    assert faults_of(STUB[where]) == []


@pytest.mark.engine
def test_the_stub_names_what_the_engine_has() -> None:
    """Both ways: a name only in the stub is a promise, one only in the engine is hidden."""
    for where in STUB:
        if where.startswith("_core.Gpu.") and not solweig._core.gpu_compiled():
            continue  # a build without the GPU engine has the name only
        held: Any = solweig
        for part in where.split("."):
            held = getattr(held, part)
    shown = [name for name in dir(solweig._core) if not re.match(r"_", name)]
    stubbed = {where.split(".")[1] for where in STUB} | {"RELEASE_BUILD"}
    assert sorted(set(shown) - stubbed) == []


# ---------------------------------------------------------------- the check itself


GOOD = """What it gives.

Parameters
----------
a, b
    Heights [m].

Returns
-------
float
    One height [m].

Raises
------
ValueError
    Below 0.
"""


@pytest.mark.parametrize(
    ("docstring", "parameters", "gives", "fault"),
    [
        (GOOD, ("a", "b"), True, None),
        ("", (), False, "no docstring"),
        (GOOD, ("a", "b", "c"), True, "parameter c: not documented"),
        (GOOD, ("a",), True, "parameter b: not in the signature"),
        (GOOD, ("a", "b"), False, "Returns, but nothing comes back"),
        ("One.", (), True, "no Returns"),
        (GOOD.replace("ValueError", "Nonsense"), ("a", "b"), True,
         "raises Nonsense: no error of that name"),
        (GOOD.partition("Raises")[0], ("a", "b"), True, "raises ValueError: not documented"),
        ("One.\n\nMistakes\n--------\nx\n", (), False, "unknown section 'Mistakes'"),
        ("One.\n\nNotes\n-----\nx\n\nReturns\n-------\nx\n", (), True, "sections in the order"),
        ("One.\n\nRaises\n------\n", (), False, "section Raises is empty"),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(
    docstring: str, parameters: tuple[str, ...], gives: bool, fault: str | None
) -> None:
    raised = (ValueError,) if "One height" in docstring and "Nonsense" not in docstring else ()
    found = faults_of(Said("here", docstring, parameters, gives, raised))
    assert found == [] if fault is None else any(fault in one for one in found)
