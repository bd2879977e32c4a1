"""Reading the file that declares a staging set's tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.clinic.sources import SourceTable, read_sources
from omie_pipeline.errors import ConfigurationError

GOOD = """
sources:
  - name: outra
    tables: []
  - name: minha
    schema: "{{ var('source_schema', 'clinic_raw') }}"
    tables:
      - name: pacientes
        meta: {grain: register, key: [id], updated_at: alterado, empresa: unidade, optional: true}
      - name: recebimentos
        config:
          meta:
            grain: fact
            key: [loja, numero]
            business_date: data
            updated_at: null
            empresa: null
            in_file: financeiro/rec.csv
            in_database: financeiro.recebimentos
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "minha" / "_minha__sources.yml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return file


def test_reads_every_table_with_its_defaults(tmp_path: Path) -> None:
    assert read_sources(write(tmp_path, GOOD)) == (
        SourceTable(
            *("minha", "pacientes", "clinic_raw", "register", ("id",)),
            updated_at="alterado",
            empresa_column="unidade",
            in_file="pacientes.csv",
            in_database="pacientes",
            optional=True,
        ),
        SourceTable(
            *("minha", "recebimentos", "clinic_raw", "fact", ("loja", "numero")),
            business_date="data",
            in_file="financeiro/rec.csv",
            in_database="financeiro.recebimentos",
        ),
    )


def test_schema_can_be_given_for_a_source_in_place(tmp_path: Path) -> None:
    tables = read_sources(write(tmp_path, GOOD), schema="legado")
    assert {table.schema for table in tables} == {"legado"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("grain: fact", "grain: fato"), "tabela 'recebimentos': 'meta.grain'"),
        (("key: [id]", "key: id"), "tabela 'pacientes': 'meta.key'"),
        (("key: [id]", "key: []"), "tabela 'pacientes': 'meta.key'"),
        (("business_date: data", "business_date: null"), "tabela 'recebimentos': é fact"),
        (("updated_at: alterado", "updatedat: x"), "chave desconhecida: updatedat"),
        (("optional: true", "optional: sim"), "tabela 'pacientes': 'meta.optional'"),
        (("updated_at: alterado", "updated_at: [a]"), "tabela 'pacientes': 'meta.updated_at'"),
        (("name: minha", "name: minh"), "falta a fonte 'minha'"),
        (("name: recebimentos", "name: pacientes"), "'pacientes' aparece mais de uma vez"),
        (("        meta: {grain", "        met: {grain"), "tabela 'pacientes': falta 'meta'"),
        (("- name: pacientes", "- nome: pacientes"), "sem 'name'"),
        (("sources:", "sources: ["), "YAML inválido"),
    ],
)
def test_mistakes_are_named_with_file_and_table(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert change[0] in GOOD
    file = write(tmp_path, GOOD.replace(change[0], change[1], 1))
    with pytest.raises(ConfigurationError) as error:
        read_sources(file)
    assert told in str(error.value)
    assert str(file) in str(error.value)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"_nada__sources\.yml"):
        read_sources(tmp_path / "nada" / "_nada__sources.yml")
