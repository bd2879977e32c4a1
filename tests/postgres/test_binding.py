"""A ledger belongs to one Omie."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.push.binding import bind_empresa, confirm_binding, rebind_empresa

OMIE = "https://app.omie.com.br/api/v1/"


def _bound(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> None:
    """Bound as by a first good answer."""
    assert not bind_empresa(engine, empresa, scope, base_url)
    confirm_binding(engine, empresa, scope, base_url)
    assert bind_empresa(engine, empresa, scope, base_url)


def test_the_same_key_may_come_back_from_any_port(engine: sa.Engine) -> None:
    bind_empresa(engine, "principal", "key-a", "http://127.0.0.1:4000/api/v1/")
    bind_empresa(engine, "principal", "key-a", "http://127.0.0.1:5000/api/v1/")
    bind_empresa(engine, "outra", "key-b", OMIE)


def test_a_simulators_ledger_is_no_companys(engine: sa.Engine) -> None:
    _bound(engine, "principal", "key-a", "http://127.0.0.1:4000/api/v1/")
    with pytest.raises(ConfigurationError, match="outro servidor"):
        bind_empresa(engine, "principal", "key-a", OMIE)


def test_another_key_is_refused_until_a_person_says_it_is_the_same(engine: sa.Engine) -> None:
    _bound(engine, "principal", "key-a", OMIE)
    with pytest.raises(ConfigurationError, match="db rebind principal"):
        bind_empresa(engine, "principal", "key-b", OMIE)
    rebind_empresa(engine, "principal", "key-b", OMIE)
    bind_empresa(engine, "principal", "key-b", OMIE)


def test_two_empresas_with_one_key_are_refused_and_nothing_is_remembered(
    engine: sa.Engine,
) -> None:
    _bound(engine, "norte", "key-a", OMIE)
    with pytest.raises(ConfigurationError, match="norte e sul usam a mesma chave"):
        bind_empresa(engine, "sul", "key-a", OMIE)
    bind_empresa(engine, "sul", "key-b", OMIE)


def test_until_a_good_answer_a_key_and_a_host_may_be_corrected(engine: sa.Engine) -> None:
    bind_empresa(engine, "principal", "mistyped", "https://app.omie.com.bt/api/v1/")
    bind_empresa(engine, "principal", "mistyped", OMIE)
    _bound(engine, "principal", "key-a", OMIE)
    with pytest.raises(ConfigurationError, match="outra chave"):
        bind_empresa(engine, "principal", "mistyped", OMIE)


def test_of_two_keys_in_use_at_once_one_is_confirmed(engine: sa.Engine) -> None:
    bind_empresa(engine, "principal", "key-a", OMIE)
    bind_empresa(engine, "principal", "key-b", OMIE)
    with pytest.raises(ConfigurationError, match="outra chave"):
        confirm_binding(engine, "principal", "key-a", OMIE)
    confirm_binding(engine, "principal", "key-b", OMIE)


def test_of_two_empresas_with_one_key_one_is_confirmed(engine: sa.Engine) -> None:
    bind_empresa(engine, "norte", "key-a", OMIE)
    bind_empresa(engine, "sul", "key-a", OMIE)
    confirm_binding(engine, "norte", "key-a", OMIE)
    with pytest.raises(ConfigurationError, match="norte e sul usam a mesma chave"):
        confirm_binding(engine, "sul", "key-a", OMIE)
    with pytest.raises(ConfigurationError, match="norte e sul usam a mesma chave"):
        rebind_empresa(engine, "sul", "key-a", OMIE)
