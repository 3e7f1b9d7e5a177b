"""Examples in the docstrings of public names run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from tests.face.test_docstrings import FACES, members_of, plain_function, public_objects

PARSER = doctest.DocTestParser()


def docstrings() -> Iterator[tuple[str, str]]:
    """Every docstring of the face, of modules and members too, by the name of what it is of."""
    for face in FACES:
        yield face, importlib.import_module(face).__doc__ or ""
    for name, value in public_objects():
        yield name, inspect.unwrap(value).__doc__ or ""
        if not (isinstance(value, type) and value.__module__.startswith("solweig")):
            continue
        for member, held, _ in members_of(value):
            inner: Any = held.fget if isinstance(held, property) else plain_function(held)
            if inspect.isroutine(inner):
                yield f"{name}.{member}", inspect.unwrap(inner).__doc__ or ""


def examples() -> dict[str, doctest.DocTest]:
    """One test a docstring with examples; what has several names is run once."""
    once = {text: name for name, text in reversed([*docstrings()]) if ">>>" in text}
    return {
        name: PARSER.get_doctest(text, {"solweig": solweig, "np": np}, name, None, 0)
        for text, name in once.items()
    }


EXAMPLES = examples()


def complaints(test: doctest.DocTest) -> str:
    """What an example gave otherwise than it says."""
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples_give_what_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaints(EXAMPLES[name]) == ""


def test_there_are_examples_and_a_wrong_one_is_noticed() -> None:
    assert {"solweig.calculate", "solweig.SurfaceData", "solweig.HumanParams"} <= EXAMPLES.keys()
    wrong = PARSER.get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert "Expected" in complaints(wrong)
