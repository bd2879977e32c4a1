"""Portuguese that staff read stands in ``omie_pipeline/texts``, and all of it is said somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "omie_pipeline"
CATALOGUES = PACKAGE / "texts"
# What Omie is, and the simulator, which speaks for it: Omie's words, not ours (ADR 0034).
OMIES = ("simulator", "catalog/endpoints", "catalog/lists", "catalog/reference")
# Columns and rules are declared with the sentence that generated pages and DDL show.
DECLARATIONS = (
    "clinic/columns.py",
    "clinic/tables.py",
    "postgres/omie_tables.py",
    "postgres/tables.py",
    "validation/clinic_rules.py",
)
DESCRIBING = ("help", "summary", "description", "comment", "metavar")
SAYING = ("dg.Failure", "Failure", "dg.SkipReason", "SkipReason")
# What others write and we only know again.
RECOGNISING = ("re.compile", "frozenset")
ACCENTS = re.compile(r"[À-ÖØ-öø-ÿ]")
WORDS = re.compile(
    r"\b(?:n[aã]o|de|para|com|sem(?!-)|que|uma?|foi|d[ao]s|nenhuma?|j[aá]|linhas?|pel[ao]|nada|omie-pipeline)\b",
    re.IGNORECASE,
)
# Ranges of letters and marks that went wrong are no words.
A_WORD = re.compile(r"[a-zà-ö]{2}|[A-ZÀ-Ö]{3}")
ENGLISH = re.compile(r"\b(?:the|is|of|and|which|with|has|are|by|document)\b")
PATTERN = re.compile(r"\(\?|\\[bdmwM]|\.\*|\[[^\] ]+\][?+*a-z{]|\[[À-ÿA-Za-z-]+\]$|\)\?|\$\.\*\*")
QUERY = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|SET|GRANT|ALTER|WITH)\b")
FEWEST_WORDS = 2
Reading = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _words(node: ast.expr) -> str | None:
    """What a literal says, without what is filled in; ``None`` for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
    return None


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _literals(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        described = isinstance(child, ast.keyword) and child.arg in DESCRIBING
        # A failure's description declares nothing: it is what somebody reads at night.
        described &= _called(node) not in SAYING
        recognised = _called(child) in RECOGNISING
        recognised |= isinstance(node, ast.Dict) and child in node.keys
        recognised |= isinstance(node, ast.Compare)
        # A fault is known by its kind and pattern; its fix is a text.
        recognised |= _called(node) == "_rule" and child in node.args[:2]
        documents = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if described or recognised or documents:
            continue
        if isinstance(child, ast.expr) and _words(child) is not None:
            yield child
        if isinstance(child, ast.JoinedStr):
            for part in child.values:
                if isinstance(part, ast.FormattedValue):
                    yield from _literals(part)
        else:
            yield from _literals(child)


def portuguese(source: str) -> Iterator[tuple[int, str]]:
    """Lines and words of the Portuguese literals of a module, declarations apart."""
    for node in _literals(ast.parse(source)):
        text = re.sub(r"\S+://\S+", "", _words(node) or "").strip()
        if PATTERN.search(text) or QUERY.match(text) or ENGLISH.search(text):
            continue
        if not A_WORD.search(text):
            continue
        several = len(text.split()) >= FEWEST_WORDS
        if ACCENTS.search(text) or (several and WORDS.search(text)):
            yield node.lineno, text


def _catalogues() -> list[Path]:
    return sorted(one for one in CATALOGUES.rglob("*.py") if one.name != "__init__.py")


def _of_omie(file: Path) -> bool:
    name = file.relative_to(PACKAGE).as_posix()
    return name.startswith(OMIES) or name in DECLARATIONS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say(f"{table}: linhas que faltam")', 1),
        ('say("não lida")', 1),
        ("say(f'{told([f\"{one} já existe\" for one in all])}')", 1),
        ('def f():\n    """Não é um texto."""', 0),
        ('typer.Option(help="Só esta empresa.")', 0),
        ('re.compile("já cadastrado")', 0),
        ('words = {"não": NO}', 0),
        ('if "não cadastrada" in text: pass', 0),
        ('x = r"j[áa] (?:existe|foi)"', 0),
        ('raise AssertionError("the título is gone")', 0),
        ('x = "codigo_cliente"', 0),
    ],
)
def test_a_text_is_told_from_what_is_none(source: str, found: int) -> None:
    assert len(list(portuguese(source))) == found


@pytest.mark.slow
def test_portuguese_stands_in_catalogues() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for file in sorted(PACKAGE.rglob("*.py"))
        if CATALOGUES not in file.parents and not _of_omie(file)
        for line, text in portuguese(file.read_text("utf-8"))
    ]
    assert found == []


def _defined(catalogue: Path) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(catalogue.read_text("utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
    return found


def _said(source: str) -> Iterator[tuple[str, str]]:
    """Catalogue and name of every text that a module takes from a catalogue."""
    tree, known = ast.parse(source), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "omie_pipeline.texts"
        ):
            for one in node.names:
                known[one.asname or one.name] = f"{node.module}.{one.name}"
                yield str(node.module), one.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield known.get(node.value.id, ""), node.attr


def _said_by_pages() -> Iterator[tuple[str, str]]:
    """What the console's templates take from the common catalogue and from their page's.

    A page's module hands its own catalogue over as ``t``; parts of pages are used by several.
    """
    names = {
        (letter, name)
        for file in PACKAGE.rglob("templates/*.html")
        for letter, name in re.findall(r"\b([ct])\.([A-Za-z_]+)", file.read_text("utf-8"))
    }
    pages = [one for one in _catalogues() if "console" in one.parts]
    for page in pages:
        place = ".".join(page.relative_to(ROOT).with_suffix("").parts)
        yield from ((place, name) for letter, name in names if letter == "t" or "common" in place)


@pytest.mark.slow
def test_pages_hold_no_words_of_their_own() -> None:
    found = [
        f"{file.name}: {text}"
        for file in sorted(PACKAGE.rglob("templates/*.html"))
        for text in re.findall(
            r">([^<>{}]*[A-Za-zÀ-ÿ]{2}[^<>{}]*)<",
            re.sub(r"{[{%#].*?[}%#]}", "", file.read_text("utf-8"), flags=re.DOTALL),
        )
    ]
    assert found == []


@pytest.mark.slow
def test_every_text_is_said_somewhere() -> None:
    said = {one for file in PACKAGE.rglob("*.py") for one in _said(file.read_text("utf-8"))}
    said |= set(_said_by_pages())
    left_over = []
    for catalogue in _catalogues():
        place = ".".join(catalogue.relative_to(ROOT).with_suffix("").parts)
        named = {
            node.id
            for node in ast.walk(ast.parse(catalogue.read_text("utf-8")))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        left_over += [
            f"{place}.{name}"
            for name in _defined(catalogue)
            if (place, name) not in said and name not in named
        ]
    assert left_over == []


def test_catalogues_decide_nothing() -> None:
    for catalogue in _catalogues():
        for name, node in _defined(catalogue).items():
            if isinstance(node, ast.FunctionDef):
                (only,) = node.body
                assert isinstance(only, ast.Return), name
                assert isinstance(only.value, ast.JoinedStr), name
                for place in only.value.values:
                    if isinstance(place, ast.FormattedValue):
                        assert isinstance(place.value, ast.Name), f"{catalogue.name}: {name}"


def test_headings_name_files_that_are_there() -> None:
    for catalogue in _catalogues():
        for heading in re.findall(r"^# (\S+\.py)$", catalogue.read_text("utf-8"), re.MULTILINE):
            file = PACKAGE / heading
            assert file.is_file(), f"{catalogue.name}: {heading}"
            assert ".texts" in file.read_text("utf-8"), f"{heading} says nothing of a catalogue"
