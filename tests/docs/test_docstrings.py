"""Public functions of four or more parameters say what each of them means."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

MANY = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _public(node: ast.Module | ast.ClassDef) -> Iterator[Function]:
    for one in node.body:
        if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            yield from _public(one)
        if isinstance(one, Function) and not one.name.startswith("_"):
            yield one


def _parameters(function: Function) -> list[str]:
    every = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return [one.arg for one in every if one.arg not in ("self", "cls")]


def _explained(text: str) -> set[str]:
    block = re.split(r"\n\n\w+:\n", text.partition("Args:\n")[2])[0]
    names = re.findall(r"^    ([\w, ]+): ", block, re.MULTILINE)
    return {one for listed in names for one in listed.split(", ")}


def _is_a_command(function: Function) -> bool:
    """Its help explains the parameters, which are typer's; or those of an address or a form."""
    of_a_page = any(ast.unparse(one).startswith("router.") for one in function.decorator_list)
    return of_a_page or bool(
        re.search(r"Option\b|Argument\b|Depends\(", ast.unparse(function.args))
    )


def unexplained(source: str) -> Iterator[str]:
    """Functions with a docstring and a parameter of which it says nothing."""
    for function in _public(ast.parse(source)):
        text, parameters = ast.get_docstring(function), _parameters(function)
        if text is None or len(parameters) < MANY or _is_a_command(function):
            continue  # without a docstring it has that of the protocol which it implements
        if set(parameters) - _explained(text):
            yield function.name


def test_a_function_that_explains_too_little_is_found() -> None:
    head = 'def f(a, b, c, d):\n    """Do.\n\n    Args:\n        a, b: one.\n        c: two.\n'
    assert list(unexplained(f'{head}    """')) == ["f"]
    assert list(unexplained(f'{head}        d: three.\n    """')) == []


@pytest.mark.slow
def test_many_parameters_are_explained() -> None:
    files: list[Path] = sorted((ROOT / "omie_pipeline").rglob("*.py"))
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        if "migrations" not in file.parts
        for name in unexplained(file.read_text("utf-8"))
    ]
    assert found == []
