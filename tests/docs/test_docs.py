"""What the pages say exists: files, commands, options, variables, layers."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from omie_pipeline.config.settings import variable_names
from omie_pipeline.simulator.check_digits import cpf_of
from tests.docs.pages import (
    OMIE_API,
    PAGES,
    README,
    ROOT,
    SAMPLE,
    anchors,
    blocks,
    code_spans,
    commands_typed,
    levels,
    prose,
    text_of,
    translated,
    typed,
)

# Read by dbt or by Dagster's processes, set by this package or by who runs dbt by hand.
INNER_VARIABLES = {
    "DBT_HOST", "DBT_PORT", "DBT_USER", "DBT_PASSWORD", "DBT_DBNAME", "DBT_SSLMODE",
    "DBT_TARGET_PATH", "DBT_LOG_PATH", "OMIE_PIPELINE_SOURCE_SCHEMA",
}  # fmt: skip
# Those of people who have entered.
OF_BROWSERS = {
    "0045-the-console-reads-as-a-role-that-sees-one-clinic.md", "console.md", "security-console.md",
}  # fmt: skip
GROUPS = {
    "cache", "conflicts", "console", "db", "defaults", "duplicates", "lgpd", "mapping", "nfse",
    "notify", "outbox", "plan", "switches",
}  # fmt: skip
VARIABLE = re.compile(r"\b(?:OMIE|CLINIC|WAREHOUSE|DBT|DAGSTER)_[A-Z][A-Z_]+\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(
    r"(?:omie_pipeline|tests|dbt_mapping|scripts|benchmarks|docs)/[\w./-]*(?:/|\.\w+)"
)
# What older comments cite: notes that are no part of the project.
UNKNOWN_NOTES = re.compile(r"\bPROTOCOL (?:section|\d)")
CITATION = re.compile(r"\bomie-api\.md(?:#([\w-]*\w))?")
# The parts of this sentence are put together here, so that the file does not name what it forbids.
# A pooler's mode has the word that nothing else here needs.
FOREIGN = re.compile(
    "|".join(
        ["/wo" + "rk/", r"\.\./sha" + "red", "/tm" + "p/", "(?<!pool_mode = )ses" + "sion(?! mode)"]
    )
)


SOURCES = [
    file
    for folder in ("omie_pipeline", "tests", "dbt_mapping", "benchmarks", "scripts")
    for pattern in ("*.py", "*.sql", "*.yml", "*.md")
    for file in (ROOT / folder).rglob(pattern)
    if not {"target", "logs"} & set(file.parts) and file.parent != Path(__file__).parent
]


def _named(pages: list[Path]) -> list[object]:
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in pages]


@pytest.mark.parametrize("page", _named(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_facts_of_omie_are_cited_by_a_heading_that_exists() -> None:
    """A comment that cites a fact names a heading of docs/omie-api.md, and one that is there."""
    known, cited = anchors(OMIE_API), 0
    for file in SOURCES:
        assert not UNKNOWN_NOTES.search(text_of(file)), file.relative_to(ROOT)
        for heading in CITATION.findall(text_of(file)):
            cited += 1
            assert heading in known, f"{file.relative_to(ROOT)}: omie-api.md#{heading}"
    assert cited > 100


def test_texts_for_developers_speak_plainly() -> None:
    """Two habits that came back again and again; the others are for reviewers to see."""
    mannered = re.compile(r"\b(?:knock(?:s|ing)?|whoever)\b", re.IGNORECASE)
    written = [file for file in SOURCES if "tests" not in file.parts]
    for file in [*written, *PAGES]:
        assert not mannered.findall(text_of(file)), file.relative_to(ROOT)


@pytest.mark.parametrize("page", _named(PAGES))
def test_files_that_a_page_names_exist(page: Path) -> None:
    for span in code_spans(page):
        if FILE.fullmatch(span):
            assert (ROOT / span).exists(), span


@pytest.mark.parametrize("page", _named(PAGES))
def test_no_page_tells_of_our_workshop(page: Path) -> None:
    said = FOREIGN.findall(text_of(page))
    if page.name in OF_BROWSERS:
        said = [word for word in said if word != "session"]
    assert said == []


@pytest.mark.parametrize("page", _named(PAGES))
def test_variables_exist(page: Path) -> None:
    named = set(VARIABLE.findall(text_of(page)))
    assert named - set(variable_names()) - INNER_VARIABLES == set()


@pytest.mark.parametrize("page", _named(PAGES))
def test_make_targets_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE)
    named = {word for line in typed(page) for word in re.findall(r"^ *make ([a-z]+)\b", line)}
    assert named - set(targets) == set()


def _calls(line: str) -> list[list[str]]:
    """Words after ``omie-pipeline`` in a line, for each time it is called there."""
    parts = re.split(r"(?:^|[\s/\"(])omie-pipeline +(?=[a-z])", line)[1:]
    ended = [re.split(r" {2,}|[;&|>)\"]", part)[0] for part in parts]
    return [shlex.split(part.replace("…", ""), comments=True) for part in ended]


@pytest.mark.parametrize("page", _named(PAGES))
def test_commands_and_options_exist(page: Path) -> None:
    commands = commands_typed()
    for line in typed(page):
        for words in _calls(line):
            name = words[0]
            if name in GROUPS and len(words) > 1 and not words[1].startswith("-"):
                whole = f"{name} {words[1]}"
                # ``plan contas_receber`` is typed for ``plan make contas_receber``.
                name = whole if whole in commands else f"{name} make"
            assert name in commands, line
            known = {option for one in commands[name].params for option in one.opts}
            used = {word.split("=")[0] for word in words if word.startswith("--")}
            assert used <= known | {"--help"}, line


def test_every_command_is_named_in_a_page() -> None:
    told = "".join(text_of(page) for page in PAGES if page != ROOT / "CHANGELOG.md")
    for name in {command.split()[0] for command in commands_typed()}:
        assert re.search(rf"(omie-pipeline |make |`){name}\b", told), name


def test_the_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= 120


def test_the_readme_and_the_first_steps_are_there_in_portuguese() -> None:
    masters = {page.relative_to(ROOT).as_posix() for page, _ in translated()}
    assert masters == {"README.md", "docs/own-system.md", "docs/real-company.md"}


@pytest.mark.parametrize(
    ("page", "twin"),
    [pytest.param(*pair, id=pair[0].relative_to(ROOT).as_posix()) for pair in translated()],
)
def test_both_languages_show_the_same(page: Path, twin: Path) -> None:
    """The English page is the master. Its translation may stop early, at a heading, and says so."""
    shown, headings = blocks(twin, "bash", "text"), levels(twin)
    assert shown == blocks(page, "bash", "text")[: len(shown)]
    assert headings == levels(page)[: len(headings)]
    whole = headings == levels(page)
    assert whole or f"[{page.name}]({page.name}#" in text_of(twin)
    if whole:
        assert shown == blocks(page, "bash", "text")
        assert sorted(_commands_named(page)) == sorted(_commands_named(twin))


def _commands_named(page: Path) -> list[str]:
    found = [one for one in code_spans(page) if one.startswith(("make ", "omie-pipeline "))]
    return [one.replace("ARQUIVO", "FILE") for one in found]


def test_layers_are_those_that_are_enforced() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    enforced = [line.replace("omie_pipeline.", "") for line in layers]
    pages = blocks(ROOT / "docs/architecture.md", "text")
    (shown,) = [one for one in pages if one.startswith("cli ")]
    assert [re.split(r" {2,}", line)[0] for line in shown.splitlines()] == enforced


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = LINK.findall(text_of(folder / "README.md"))
    assert sorted(listed) == sorted(one.name for one in folder.glob("0*.md"))
    for number, name in enumerate(sorted(listed), start=1):
        assert name.startswith(f"{number:04}-")
        assert text_of(folder / name).startswith(f"# {number:04} ")


def test_the_example_of_several_empresas_is_yaml() -> None:
    example = yaml.safe_load(text_of(ROOT / "empresas.example.yaml"))
    assert "*_env" in text_of(ROOT / "empresas.example.yaml")
    assert len(example["empresas"]) > 1


def test_the_notice_names_files_that_are_there() -> None:
    notice = " ".join(text_of(ROOT / "NOTICE").split())
    names = re.findall(r"(?:sample|omie_pipeline|dbt_mapping|tests)/[\w./-]*\w/?", notice)
    assert len(names) > 5
    for name in names:
        assert (ROOT / name).exists(), name


def test_the_patient_to_correct_is_wrong_in_the_sample_and_right_afterwards() -> None:
    (walk,) = blocks(SAMPLE, "bash")
    (before, after), *_ = re.findall(r"s/([\d.-]+)/([\d.-]+)/", walk)
    (key,) = re.findall(r"--key PAC-(\S+)", walk)
    rows = (ROOT / "sample" / "brasil" / "br_pacientes.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[0] for row in rows if before in row] == [key]
    right = cpf_of(int(re.sub(r"\D", "", before)[:9]))
    assert re.sub(r"\D", "", after) == re.sub(r"\D", "", right)
    assert before != after
