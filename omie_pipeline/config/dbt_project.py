"""The dbt project that runs: the delivered one with the user's own models laid over it.

What is delivered (``dbt_mapping``) is tracked by git and never edited. What is the user's lives in
a folder of his own (``OMIE_PIPELINE_MODELS``)::

    my_models/
        staging/<set>/...   a staging set, or single models of a delivered one
        omie/<model>.sql    in place of the delivered payload model of that name
        analise/...         views for analysis
        macros/...          macros of his own
        vars.yml            dbt's variables: rg_destino, tabelas_opcionais, ...

Both together become one folder in the state folder, file by file, where dbt runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from omie_pipeline.config.defaults import OLD_ACCOUNTS, OLD_DEFAULTS
from omie_pipeline.config.settings import Settings, installed_root
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.private_files import make_state_folder
from omie_pipeline.texts import config as texts
from omie_pipeline.yaml_text import load_yaml

DELIVERED_SETS: Final = ("canonica", "synthea")
READ_BY_DBT: Final = (".sql", ".yml", ".csv", ".md")
VARIABLES: Final = "vars.yml"

BUILD: Final = ("build", "--exclude-resource-type", "unit_test")
"""dbt's command. The unit tests are examples of the delivered models: none of a user's builds run
them, and one that a variable or a macro of his contradicts must not keep rows from being made."""

_MODEL_FOLDERS: Final = ("staging", "omie", "analise")
_MACROS: Final = "macros"
_PROJECT_FILE: Final = "dbt_project.yml"
_OWN_MODELS: Final = "modelos_proprios"
_MADE_BY_DBT: Final = ("target", "logs", "dbt_packages")
_NO_LONGER_READ: Final = tuple(
    Path("seeds") / f"{name}.csv" for name in (OLD_DEFAULTS, OLD_ACCOUNTS)
)
_NOTE: Final = "LEIA-ME.txt"

_ENVIRONMENT: Final = re.compile(r"""env_var\(\s*['"](\w+)['"]""")
_OUR_HOOK: Final = "post_hook='analyze {{ this }}'"
_ASKS_MEANWHILE: Final = re.compile(
    r"\b(run_query|statement|adapter|run_started_at|invocation_id|invocation_args_dict|modules"
    r"|load_result|load_relation|dbt_utils|is_incremental|pre_hook|post_hook|graph|flags|selected_resources)\b"
    r"""|materialized\s*=\s*['"](?!view|table|ephemeral)"""
)
_CONFIGURES: Final = re.compile(r"\b(pre[-_]hook|post[-_]hook|materialized|on-run-start)\b")


@dataclass(frozen=True, slots=True)
class MappingProject:
    """An assembled project.

    Attributes:
        folder: where dbt runs.
        own: the user's files, relative to his folder.
        placed: the same files, where they lie in the assembled project.
        replaced: names of delivered models that a file of his stands in for.
        changed: those of them whose delivered text has changed since his copy was made.
        variables: names of the dbt variables that he sets.
        unread: those of them that no model and no macro reads.
        old_sets: folders of his staging sets that still lie among the delivered ones.
        old_defaults: files of defaults from before ``omie-pipeline defaults``.
    """

    folder: Path
    own: tuple[str, ...]
    placed: tuple[Path, ...]
    replaced: tuple[str, ...]
    changed: tuple[str, ...]
    variables: tuple[str, ...]
    unread: tuple[str, ...]
    old_sets: tuple[Path, ...]
    old_defaults: tuple[Path, ...]

    @property
    def hints(self) -> tuple[str, ...]:
        """What a person should do something about, in Portuguese."""
        return (
            *(texts.delivered_model_changed(name) for name in self.changed),
            *(texts.variable_unread(file=VARIABLES, variable=name) for name in self.unread),
            *(texts.folder_delivered(folder) for folder in self.old_sets),
            *(texts.file_not_read_any_more(file) for file in self.old_defaults),
        )


def mapping_dir() -> Path:
    """The delivered dbt project."""
    return installed_root() / "dbt_mapping"


def assembled_dir(settings: Settings) -> Path:
    """Where the project that runs is assembled."""
    return settings.home / "dbt_project"


def sources_file(settings: Settings) -> Path:
    """What declares the tables of the chosen staging set: ``_<set>__sources.yml`` in the user's
    folder of the set, else in the delivered one. It may also be called ``_sources.yml``.

    Raises:
        ConfigurationError: there is no such folder in either place.
    """
    folders = [
        settings.models / "staging" / settings.staging,
        mapping_dir() / "models" / "staging" / settings.staging,
    ]
    files = [folder / name for folder in folders for name in _sources_names(settings.staging)]
    if found := next((file for file in files if file.is_file()), None):
        return found
    if not any(folder.is_dir() for folder in folders):
        raise ConfigurationError(texts.staging_missing(folders[0]))
    return files[0]


def _sources_names(staging: str) -> tuple[str, str]:
    """Names of the file that declares a set's tables, dbt's usual one first."""
    return f"_{staging}__sources.yml", "_sources.yml"


def assemble_project(settings: Settings) -> MappingProject:
    """Bring the assembled project up to date; what did not change is not touched.

    Raises:
        ConfigurationError: the user's folder holds what has no place in the project.
    """
    delivered = _delivered_files()
    own = _own_files(settings.models)
    replacing = {
        place: _delivered_twin(place, delivered)
        for place in own
        if place.suffix == ".sql" and place.parts[0] == "models"
    }
    replaced = {place: twin for place, twin in replacing.items() if twin is not None}
    contents = {
        place: file.read_bytes()
        for place, file in delivered.items()
        if place not in replaced.values() and not _declared_again(place, own)
    }
    contents |= {place: file.read_bytes() for place, file in own.items()}
    variables = _variables(settings.models / VARIABLES)
    unread = _unread(variables, contents)
    set_here = variables | _without_contracts(replaced.values())
    if set_here:
        contents[Path(_PROJECT_FILE)] = _with_variables(contents[Path(_PROJECT_FILE)], set_here)
    contents[Path(_NOTE)] = texts.NOTE_TEXT.encode()
    folder = assembled_dir(settings)
    make_state_folder(folder, settings.home)
    with _locked(folder.with_name(f"{folder.name}.lock")):
        _write_all(folder, contents)
        changed = _changed_since(
            folder.with_name(f"{folder.name}.overrides.json"),
            {
                place.as_posix(): (_digest(delivered[twin]), _digest(own[place]))
                for place, twin in replaced.items()
            },
        )
    return MappingProject(
        folder,
        tuple(file.relative_to(settings.models).as_posix() for file in own.values()),
        tuple(own),
        tuple(sorted(place.stem for place in replaced)),
        tuple(sorted(Path(place).stem for place in changed)),
        tuple(variables),
        unread,
        _old_sets(),
        tuple(file for place in _NO_LONGER_READ if (file := mapping_dir() / place).is_file()),
    )


def project_digest(settings: Settings, root: Path) -> str:
    """Digest over every file dbt reads, the other staging sets left out, and the schemas' names."""
    staging = settings.staging
    found = hashlib.sha256(f"{staging} {settings.schema_prefix}".encode())
    sets = root / "models" / "staging"
    for file in sorted(root.rglob("*")):
        other_set = sets in file.parents and (sets / staging) not in file.parents
        if file.suffix in READ_BY_DBT and not other_set and file.is_file():
            found.update(str(file.relative_to(root)).encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def environment_read(root: Path) -> tuple[str, ...]:
    """Names of the environment's variables that models and macros read."""
    found = set[str]()
    for place in ("models", "macros", "seeds", "tests", _PROJECT_FILE):
        files = [root / place] if place == _PROJECT_FILE else sorted((root / place).rglob("*"))
        for file in files:
            if file.suffix in (".sql", ".yml") and file.is_file():
                found |= set(_ENVIRONMENT.findall(file.read_text("utf-8")))
    return tuple(sorted(found))


def decides_beyond_files(project: MappingProject) -> bool:
    """Whether a file of the user's may come out differently though no file changed.

    His own models and macros may ask the database, the clock or the run while dbt compiles them,
    have hooks that must run, or read tables that no file declares. What cannot be known is made
    anew each time.
    """
    own = [project.folder / place for place in project.placed]
    for file in own:
        text = file.read_text("utf-8").replace(_OUR_HOOK, "")
        if file.suffix == ".sql" and _ASKS_MEANWHILE.search(text):
            return True
        if file.suffix == ".yml" and _CONFIGURES.search(text):
            return True
        declares = "sources:" in text and file.name not in _sources_names(file.parent.name)
        if file.suffix == ".yml" and declares:
            return True
    return False


def move_old_sets(settings: Settings) -> tuple[Path, ...]:
    """Move the user's staging sets from among the delivered ones to his own folder.

    Raises:
        ConfigurationError: there is one of that name already; nothing was moved then.
    """
    folders = {folder: settings.models / "staging" / folder.name for folder in _old_sets()}
    for target in folders.values():
        if target.exists():
            raise ConfigurationError(texts.target_exists(target))
    for folder, target in folders.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, target)
    return tuple(folders.values())


def _delivered_files() -> dict[Path, Path]:
    """Place in the project -> file; what dbt itself wrote there is none."""
    root = mapping_dir()
    return {
        place: file
        for file in sorted(root.rglob("*"))
        if (place := file.relative_to(root)).parts[0] not in _MADE_BY_DBT
        and place not in _NO_LONGER_READ
        and file.suffix in READ_BY_DBT
        and file.is_file()
    }


def _own_files(root: Path) -> dict[Path, Path]:
    """Place in the project -> file of the user's."""
    found: dict[Path, Path] = {}
    misplaced: list[str] = []
    for file in sorted(root.rglob("*")):
        below = file.relative_to(root)
        hidden = any(part.startswith(".") for part in below.parts)
        if hidden or file.suffix not in READ_BY_DBT or not file.is_file():
            continue
        if below.parts[0] in _MODEL_FOLDERS and len(below.parts) > 1:
            found[Path("models") / below] = file
        elif below.parts[0] == _MACROS and len(below.parts) > 1:
            found[below] = file
        elif below != Path(VARIABLES) and file.suffix != ".md":
            misplaced.append(below.as_posix())
    if misplaced:
        raise ConfigurationError(
            texts.files_misplaced(
                folder=root,
                files=", ".join(misplaced),
                places=", ".join(f"{name}/" for name in (*_MODEL_FOLDERS, _MACROS)),
                variables=VARIABLES,
            )
        )
    return found


def _delivered_twin(place: Path, delivered: Mapping[Path, Path]) -> Path | None:
    """The delivered model that dbt knows by the same name, wherever it lies."""
    for other in delivered:
        if other.suffix == ".sql" and other.parts[0] == "models" and other.stem == place.stem:
            return other
    return None


def _declared_again(place: Path, own: Mapping[Path, Path]) -> bool:
    """Whether a delivered set's tables are declared by a file of the user's, under either name."""
    names = _sources_names(place.parent.name)
    return place.name in names and any(place.with_name(name) in own for name in names)


def _variables(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        content = load_yaml(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(texts.file_unreadable(file=file, cause=error)) from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ConfigurationError(texts.variables_shape(file))
    return content


def _without_contracts(replaced: Iterable[Path]) -> dict[str, Any]:
    """The variable by which the contract of a delivered payload model does not bind the user's own
    model of that name: his may lack columns that Omie does not need, and have others.

    Args:
        replaced: the delivered models that files of his stand in for.
    """
    names = sorted(place.stem for place in replaced if place.parts[:2] == ("models", "omie"))
    return {_OWN_MODELS: names} if names else {}


def _with_variables(project: bytes, variables: Mapping[str, Any]) -> bytes:
    content = yaml.safe_load(project)
    content["vars"] = {**content.get("vars", {}), **variables}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode()


def _unread(variables: Mapping[str, Any], contents: Mapping[Path, bytes]) -> tuple[str, ...]:
    read = [content for place, content in contents.items() if place.suffix in (".sql", ".yml")]
    return tuple(
        name
        for name in variables
        if not any(f"var({quote}{name}{quote}".encode() in text for text in read for quote in "'\"")
    )


def _write_all(folder: Path, contents: Mapping[Path, bytes]) -> None:
    """Make ``folder`` hold exactly ``contents``; each file is replaced in one step."""
    for file in sorted(folder.rglob("*"), reverse=True):
        place = file.relative_to(folder)
        if place.parts[0] in _MADE_BY_DBT:
            continue
        if file.is_dir():
            if not any(file.iterdir()):
                file.rmdir()
        elif place not in contents:
            file.unlink()
    for place, content in contents.items():
        target = folder / place
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=folder, suffix=".novo")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(made).chmod(0o644)
        Path(made).replace(target)


def _changed_since(noted: Path, digests: Mapping[str, tuple[str, str]]) -> Sequence[str]:
    """Which delivered models are no longer those that a copy was made of.

    A copy that the user has touched since counts as made of the present one.

    Args:
        noted: where the digests of the last time are.
        digests: model -> digests of the delivered file and of the user's.
    """
    before: dict[str, list[str]] = {}
    if noted.is_file():
        before = json.loads(noted.read_text("utf-8"))
    now: dict[str, list[str]] = {}
    changed = []
    for place, (delivered, own) in digests.items():
        made_of, own_then = before.get(place, [delivered, own])
        if own != own_then:
            made_of = delivered
        if made_of != delivered:
            changed.append(place)
        now[place] = [made_of, own]
    if now != before:
        partial = noted.with_name(f"{noted.name}.novo")
        partial.write_text(json.dumps(now, indent=1), "utf-8")
        partial.replace(noted)
    return changed


def _old_sets() -> tuple[Path, ...]:
    staging = mapping_dir() / "models" / "staging"
    return tuple(
        folder
        for folder in sorted(staging.iterdir())
        if folder.is_dir() and folder.name not in DELIVERED_SETS and any(folder.glob("*.sql"))
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
