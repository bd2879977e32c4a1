"""Policies that mean nothing at their endpoint are refused when the YAML is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from omie_pipeline.config.empresas import PipelineConfig
from omie_pipeline.push.policy import Policies

EMPRESAS = [{"nome": "principal", "app_key_env": "A_KEY", "app_secret_env": "A_SECRET"}]


@pytest.mark.parametrize(
    ("endpoint", "policy", "words"),
    [
        ("baixas_receber", {"mode": "mirror"}, "mirror"),
        ("contratos", {"mode": "mirror"}, "mirror"),
        ("situacao_contratos", {"mode": "mirror"}, "mirror"),
        ("faturar_os", {"mode": "mirror"}, "mirror"),
        ("excluir_contas_receber", {"mode": "mirror"}, "mirror"),
        ("estornar_baixas_pagar", {"mode": "mirror"}, "mirror"),
        ("baixas_receber", {"on_settled": "undo"}, "contas_receber"),
        ("estornar_baixas_pagar", {"on_settled": "conflict"}, "contas_pagar"),
    ],
)
def test_refused_in_words(endpoint: str, policy: dict[str, Any], words: str) -> None:
    for refused in (
        lambda: Policies.model_validate({"endpoints": {endpoint: policy}}),
        lambda: PipelineConfig.model_validate(
            {"empresas": EMPRESAS, "endpoints": {endpoint: policy}}
        ),
    ):
        with pytest.raises(ValidationError, match=words) as caught:
            refused()
        assert endpoint in str(caught.value)


def test_what_means_something_passes() -> None:
    endpoints = {
        "clientes": {"mode": "mirror"},
        "ordens_servico": {"mode": "mirror"},
        "contas_receber": {"mode": "mirror", "on_settled": "undo"},
    }
    config = PipelineConfig.model_validate({"empresas": EMPRESAS, "endpoints": endpoints})
    assert config.policies.of("baixas_receber").on_settled == "undo"
    assert config.policies.of("estornar_baixas_receber").on_settled == "undo"
