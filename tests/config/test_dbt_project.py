"""The user's own models over the delivered ones: where each file goes, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from omie_pipeline.app.deployment import staging_sources
from omie_pipeline.config import dbt_project
from omie_pipeline.config.dbt_project import assemble_project, move_old_sets, sources_file
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError

SOURCES = """\
version: 2
sources:
  - name: minha
    schema: clinic_raw
    tables:
      - name: cad
        meta: {grain: register, key: [id], updated_at: null, empresa: null}
"""


class Place:
    """A delivered project and a folder of the user's."""

    def __init__(self, folder: Path) -> None:
        self.delivered, self.own = folder / "dbt_mapping", folder / "meus"
        self.settings = Settings(
            OMIE_PIPELINE_HOME=str(folder / "home"),
            OMIE_PIPELINE_MODELS=str(self.own),
            OMIE_PIPELINE_STAGING="minha",
        )
        for name, text in {
            "dbt_project.yml": "name: x\nvars: {rg_destino: a, clientes_por: b}\n",
            "macros/m.sql": "{% macro m() %}{{ var('rg_destino') }}{% endmacro %}",
            "models/omie/omie_clientes.sql": "select 1",
            "models/omie/_omie__models.yml": "version: 2",
            "models/analise/espelho/tabelas/caixa.sql": "select 2",
            "models/staging/canonica/stg_canonica__pacientes.sql": "select 3",
            "target/manifest.json": "{}",
            "target/run/omie_clientes.sql": "compiled",
        }.items():
            self.write(self.delivered / name, text)

    @staticmethod
    def write(file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def mine(self, name: str, text: str) -> None:
        self.write(self.own / name, text)

    def files(self) -> dict[str, str]:
        folder = self.settings.home / "dbt_project"
        return {
            file.relative_to(folder).as_posix(): file.read_text("utf-8")
            for file in folder.rglob("*")
            if file.is_file() and file.suffix != ".txt"
        }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    monkeypatch.setattr(dbt_project, "mapping_dir", lambda: made.delivered)
    return made


def test_without_own_files_it_is_the_delivered_project(place: Place) -> None:
    project = assemble_project(place.settings)
    assert (project.own, project.replaced, project.hints) == ((), (), ())
    assert place.files() == {
        file.relative_to(place.delivered).as_posix(): file.read_text("utf-8")
        for file in place.delivered.rglob("*")
        if file.is_file() and "target" not in file.parts
    }


def test_own_files_go_where_dbt_looks_and_stand_in_for_models_of_their_name(place: Place) -> None:
    place.mine("omie/omie_clientes.sql", "select 'meu'")
    place.mine("analise/caixa.sql", "select 'minha caixa'")
    place.mine("analise/nova.sql", "select 'nova'")
    place.mine("staging/canonica/stg_canonica__pacientes.sql", "select 'meus'")
    place.mine("macros/minha.sql", "{% macro minha() %}{% endmacro %}")
    place.mine("README.md", "notas")
    place.mine(".git/config.yml", "x")
    project = assemble_project(place.settings)
    files = place.files()
    assert files["models/omie/omie_clientes.sql"] == "select 'meu'"
    assert files["models/staging/canonica/stg_canonica__pacientes.sql"] == "select 'meus'"
    assert files["models/analise/nova.sql"] == "select 'nova'"
    assert "macros/minha.sql" in files
    # dbt knows models by name alone: two of one name would stop it.
    assert "models/analise/espelho/tabelas/caixa.sql" not in files
    assert project.replaced == ("caixa", "omie_clientes", "stg_canonica__pacientes")
    assert len(project.own) == 5


def test_own_payload_models_are_named_for_the_contracts_not_to_bind_them(place: Place) -> None:
    place.mine("omie/omie_clientes.sql", "select 'meu'")
    place.mine("analise/caixa.sql", "select 'minha caixa'")
    project = assemble_project(place.settings)
    merged = yaml.safe_load(place.files()["dbt_project.yml"])["vars"]
    assert merged == {"rg_destino": "a", "clientes_por": "b", "modelos_proprios": ["omie_clientes"]}
    assert (project.variables, project.hints) == ((), ())


def test_what_is_taken_away_is_delivered_again(place: Place) -> None:
    place.mine("analise/caixa.sql", "select 'minha caixa'")
    assemble_project(place.settings)
    (place.own / "analise/caixa.sql").unlink()
    assemble_project(place.settings)
    files = place.files()
    assert files["models/analise/espelho/tabelas/caixa.sql"] == "select 2"
    assert "models/analise/caixa.sql" not in files


def test_what_did_not_change_is_not_written_again(place: Place) -> None:
    folder = assemble_project(place.settings).folder
    before = {file: file.stat().st_ino for file in folder.rglob("*") if file.is_file()}
    assemble_project(place.settings)
    assert before == {file: file.stat().st_ino for file in folder.rglob("*") if file.is_file()}


def test_variables_are_laid_over_the_delivered_ones(place: Place) -> None:
    place.mine("vars.yml", "rg_destino: observacao\nrg_destinos: x\n")
    project = assemble_project(place.settings)
    merged = yaml.safe_load(place.files()["dbt_project.yml"])["vars"]
    assert merged == {"rg_destino": "observacao", "clientes_por": "b", "rg_destinos": "x"}
    assert project.hints == ("vars.yml: nenhum modelo lê a variável rg_destinos",)


def test_a_copy_whose_original_changed_is_told_until_it_is_touched(place: Place) -> None:
    original = place.delivered / "models/omie/omie_clientes.sql"
    place.mine("omie/omie_clientes.sql", "select 'meu'")
    assert assemble_project(place.settings).changed == ()
    place.write(original, "select 1 -- mudou")
    for _ in range(2):
        project = assemble_project(place.settings)
        assert project.changed == ("omie_clientes",)
        assert "o modelo entregue omie_clientes mudou" in project.hints[0]
    place.mine("omie/omie_clientes.sql", "select 'meu' -- conferido")
    assert assemble_project(place.settings).changed == ()
    assert assemble_project(place.settings).changed == ()


@pytest.mark.parametrize(
    "name", ["omie_clientes.sql", "clinica/pacientes.sql", "seeds/padroes.csv", "models/omie/a.sql"]
)
def test_what_has_no_place_is_refused(place: Place, name: str) -> None:
    place.mine(name, "x")
    with pytest.raises(ConfigurationError, match=name):
        assemble_project(place.settings)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "so texto"])
def test_variables_that_are_none_are_refused(place: Place, text: str) -> None:
    place.mine("vars.yml", text)
    with pytest.raises(ConfigurationError, match=r"vars\.yml"):
        assemble_project(place.settings)


def test_a_set_among_the_delivered_ones_is_read_told_and_moved(place: Place) -> None:
    old = place.delivered / "models/staging/minha"
    place.write(old / "_sources.yml", SOURCES)
    place.write(old / "stg_minha__pacientes.sql", "select 4")
    assert [table.name for table in staging_sources(place.settings)] == ["cad"]
    (hint,) = assemble_project(place.settings).hints
    assert "omie-pipeline models --move" in hint
    assert move_old_sets(place.settings) == (place.own / "staging/minha",)
    assert not old.exists()
    project = assemble_project(place.settings)
    assert project.hints == ()
    assert place.files()["models/staging/minha/stg_minha__pacientes.sql"] == "select 4"
    assert [table.name for table in staging_sources(place.settings)] == ["cad"]


@pytest.mark.parametrize("name", ["_canonica__sources.yml", "_sources.yml"])
def test_own_sources_of_a_delivered_set_stand_in_for_the_delivered_ones(
    place: Place, name: str
) -> None:
    delivered = "models/staging/canonica/_canonica__sources.yml"
    place.write(place.delivered / delivered, SOURCES)
    settings = place.settings.model_copy(update={"staging": "canonica"})
    assert sources_file(settings) == place.delivered / delivered
    assemble_project(settings)
    assert place.files()[delivered] == SOURCES
    place.mine(f"staging/canonica/{name}", "version: 2")
    assert sources_file(settings) == place.own / "staging/canonica" / name
    assemble_project(settings)
    # Declared twice, a source stops dbt.
    declared = [one for one in place.files() if one.endswith("sources.yml")]
    assert declared == [f"models/staging/canonica/{name}"]


def test_a_set_is_never_moved_over_another(place: Place) -> None:
    old = place.delivered / "models/staging/minha"
    place.write(old / "stg_minha__pacientes.sql", "select 4")
    place.mine("staging/minha/stg_minha__pacientes.sql", "select 5")
    with pytest.raises(ConfigurationError, match="já existe"):
        move_old_sets(place.settings)
    assert old.is_dir()


def test_old_files_of_defaults_are_no_seeds_any_more_and_are_told(place: Place) -> None:
    file = place.delivered / "seeds/padroes_empresa.csv"
    place.write(file, "empresa\nprincipal\n")
    (hint,) = assemble_project(place.settings).hints
    assert f"{file} não é mais lido" in hint
    assert "seeds/padroes_empresa.csv" not in place.files()


def test_a_set_that_is_nowhere_is_named(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="OMIE_PIPELINE_STAGING"):
        staging_sources(place.settings)
