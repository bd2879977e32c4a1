"""A doubt is asked for in the tables that have it, whatever else bears a column of that name."""

from __future__ import annotations

import json
from pathlib import Path

from omie_pipeline.cli.build import question_lines, sources_behind
from omie_pipeline.status.unread_values import UnreadColumn

DOUBT = UnreadColumn("despesas", "valor", "VLR", "ambiguous_number", 1, "1.280")
COLUMNS = [("contas", "VLR"), ("caixa", "VLR"), ("agenda", "VLR")]
MODEL = "model.omie.{}"
MANIFEST = {
    "nodes": {
        MODEL.format(name): {"resource_type": "model", "name": name}
        for name in ("stg_minha__despesas", "base_contas", "stg_outro__despesas")
    },
    "sources": {f"source.omie.{name}": {"name": name} for name, _ in COLUMNS},
    "parent_map": {
        MODEL.format("stg_minha__despesas"): [MODEL.format("base_contas")],
        MODEL.format("base_contas"): ["source.omie.contas"],
        MODEL.format("stg_outro__despesas"): ["source.omie.caixa"],
    },
}


def test_only_the_sources_of_the_doubtful_table_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    behind = sources_behind(tmp_path, "minha")
    assert behind == {"despesas": frozenset({"contas"})}
    told = "\n".join(question_lines([DOUBT], COLUMNS, behind))
    assert "- name: contas" in told
    assert "caixa" not in told
    assert "agenda" not in told


def test_without_dbts_last_run_every_bearer_is_asked_for(tmp_path: Path) -> None:
    told = "\n".join(question_lines([DOUBT], COLUMNS, sources_behind(tmp_path, "minha")))
    assert all(f"- name: {table}" in told for table, _ in COLUMNS)
