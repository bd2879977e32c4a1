"""Two jobs, because registers and facts are partitioned differently: first the registers."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,
)

from omie_pipeline.assets.push import push_key
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.resources.deployment import REFERENCES

__all__ = ["FACTS_JOB", "REGISTERS_JOB", "AssetJob", "pipeline_jobs"]

REGISTERS_JOB, FACTS_JOB = "cadastros", "lancamentos"


def _payload(grain: str) -> dg.AssetSelection:
    keys = [dg.AssetKey(["omie_payload", e.model]) for e in WRITABLE if e.grain == grain]
    return dg.AssetSelection.assets(*keys)


def _pushes(grain: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(push_key(e) for e in WRITABLE if e.grain == grain))


def _extracts(sources: Sequence[SourceTable], grain: str) -> dg.AssetSelection:
    keys = [dg.AssetKey([t.set_name, t.name]) for t in sources if t.grain == grain]
    return dg.AssetSelection.assets(*keys) if keys else dg.AssetSelection.assets()


def pipeline_jobs(sources: Sequence[SourceTable], *, extracted: bool) -> list[AssetJob]:
    """The jobs; without ``extracted`` the clinic is read in place and there is nothing to copy."""
    copied = tuple(sources) if extracted else ()
    all_extracts = dg.AssetSelection.assets(*([t.set_name, t.name] for t in copied))
    models = _payload("register").upstream() - all_extracts
    fact_models = _payload("fact").upstream() - all_extracts
    references = dg.AssetSelection.assets(*(["omie", name] for name in REFERENCES))
    return [
        dg.define_asset_job(
            REGISTERS_JOB,
            _extracts(copied, "register") | models | references | _pushes("register"),
            description="Pacientes, profissionais e fornecedores até o Omie, e as listas do Omie.",
        ),
        dg.define_asset_job(
            FACTS_JOB,
            _extracts(copied, "fact") | fact_models | _pushes("fact"),
            description="Recebimentos, repasses, despesas, compras e vendas até o Omie.",
        ),
    ]
