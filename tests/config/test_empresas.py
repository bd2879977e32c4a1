"""The YAML of empresas and policies."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from omie_pipeline.config.empresas import PipelineConfig, access, has_credentials, load_config
from omie_pipeline.config.settings import Settings, project_root
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.push.policy import EndpointPolicy

EXAMPLE = project_root() / "empresas.example.yaml"
SECRET = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
ONE = "empresas: [{nome: sul, app_key_env: SUL_KEY, app_secret_env: SUL_SECRET}]\n"


def _load(tmp_path: Path, text: str) -> PipelineConfig:
    file = tmp_path / "empresas.yaml"
    file.write_text(text, "utf-8")
    return load_config(Settings(config=file))


def _refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        _load(tmp_path, text)
    assert "empresas.yaml" in str(refused.value)
    return str(refused.value)


def test_without_a_file_there_is_one_empresa_with_the_plain_variables() -> None:
    config = load_config(Settings())
    assert [empresa.nome for empresa in config.empresas] == ["principal"]
    found = access(
        config.empresa("principal"), Settings(), {"OMIE_APP_KEY": "1", "OMIE_APP_SECRET": SECRET}
    )
    assert (found.app_key, found.app_secret) == (SecretStr("1"), SecretStr(SECRET))
    assert SECRET not in repr(found)


def test_the_example_is_valid_and_shows_the_defaults() -> None:
    config = load_config(Settings(config=EXAMPLE))
    assert [empresa.nome for empresa in config.empresas] == ["clinica-sul", "clinica-norte"]
    assert config.policies.of("clientes") == EndpointPolicy()
    assert config.policies.of("excluir_contas_pagar") == EndpointPolicy()
    assert config.policies.of("contas_receber").guardrails.max_value_sum == Decimal("500000")


def test_the_example_names_every_key_of_a_policy() -> None:
    text = EXAMPLE.read_text("utf-8")
    policy = EndpointPolicy()
    names = {*EndpointPolicy.model_fields, *type(policy.guardrails).model_fields}
    assert [name for name in names if f"{name}:" not in text] == []


def test_a_table_s_own_agenda_wins_over_its_family_s_and_the_deployment_s(tmp_path: Path) -> None:
    agenda = "{titulos: daily, baixas: 6h, movimentacoes: manual}"
    text = ONE.replace("nome: sul,", f"nome: sul, importar: {{agenda: {agenda}}},")
    wanted = _load(tmp_path, text).empresa("sul").importar
    names = ("contas_pagar", "baixas", "lancamentos_conta_corrente", "extrato", "clientes")
    found = {name: wanted.schedule_of(name, "6h") for name in names}
    assert found == {
        "contas_pagar": "daily",
        "baixas": "6h",
        "lancamentos_conta_corrente": "manual",
        "extrato": "manual",
        "clientes": "6h",
    }
    assert wanted.schedule_of("clientes", "manual") == "manual"


def test_the_example_shows_an_agenda() -> None:
    config = load_config(Settings(config=EXAMPLE))
    norte = config.empresa("clinica-norte").importar
    assert norte.schedule_of("notas_produto", "6h") == "daily"
    assert config.empresa("clinica-sul").importar.schedule_of("notas_produto", "6h") == "6h"


def test_each_empresa_has_its_own_secrets_and_addresses() -> None:
    config = load_config(Settings(config=EXAMPLE))
    variables = {
        "CLINICA_SUL_APP_KEY": "1",
        "CLINICA_SUL_APP_SECRET": "s1",
        "CLINICA_SUL_CLINIC_URL": "csv:///sul",
        "CLINICA_NORTE_APP_KEY": "2",
        "CLINICA_NORTE_APP_SECRET": "s2",
    }
    settings = Settings(clinic_url=SecretStr("csv:///todas"))
    sul = access(config.empresa("clinica-sul"), settings, variables)
    norte = access(config.empresa("clinica-norte"), settings, variables)
    assert (sul.app_key.get_secret_value(), norte.app_key.get_secret_value()) == ("1", "2")
    assert sul.clinic_url == SecretStr("csv:///sul")
    assert norte.clinic_url == SecretStr("csv:///todas")
    assert norte.base_url == settings.base_url


def test_missing_variables_are_all_named() -> None:
    config = load_config(Settings(config=EXAMPLE))
    sul = config.empresa("clinica-sul")
    with pytest.raises(ConfigurationError) as refused:
        access(sul, Settings(), {"CLINICA_SUL_APP_KEY": "1"})
    assert "CLINICA_SUL_APP_SECRET, CLINICA_SUL_CLINIC_URL" in str(refused.value)
    assert not has_credentials(sul, {"CLINICA_SUL_APP_KEY": "1"})
    assert has_credentials(sul, {"CLINICA_SUL_APP_KEY": "1", "CLINICA_SUL_APP_SECRET": "2"})


def test_an_unsafe_address_of_one_empresa_is_refused(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        "empresas: [{nome: a, app_key_env: K, app_secret_env: S, base_url_env: A_URL}]",
    )
    variables = {"K": "1", "S": SECRET, "A_URL": "http://omie.test/"}
    with pytest.raises(ConfigurationError, match=r"^A_URL: deve usar https"):
        access(config.empresas[0], Settings(), variables)


def test_an_unknown_empresa_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"oeste .*clinica-sul, clinica-norte"):
        load_config(Settings(config=EXAMPLE)).empresa("oeste")


@pytest.mark.parametrize(
    "text",
    [
        f"empresas: [{{nome: a, app_key: '1', app_secret: {SECRET}}}]",
        f"empresas: [{{nome: a, app_key_env: K, app_secret_env: {SECRET}}}]",
        f"empresas: [{{nome: a, app_key_env: K, app_secret_env: {SECRET.upper()}}}]",
        f"empresas: [{{nome: a, app_key_env: {SECRET}, app_secret_env: S}}]",
        f"empresas: [{{nome: a, app_key_env: K, app_secret_env: S, clinic_url: 'x://{SECRET}'}}]",
        f"empresas: [{{nome: a, app_key_env: K, app_secret_env: S, clinic_url_env: 'x:{SECRET}'}}]",
        f"{ONE}token: {SECRET}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    message = _refused(tmp_path, text)
    assert SECRET.lower() not in message.lower()
    assert "variável" in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ONE + "endpoint: {}", "endpoint: chave desconhecida"),
        ("empresas: [{nome: a, app_key_env: K}]", "empresas[1].app_secret_env: falta"),
        (ONE.replace("nome: sul", "nome: sul, cor: azul"), "empresas[1].cor: chave desconhecida"),
        (ONE.replace("sul,", "'a|b',"), "empresas[1].nome: tem caracteres"),
        ("empresas: []", "empresas: não pode ficar vazio"),
        ("", "arquivo: "),
        ("- a\n- b", "arquivo: "),
        (ONE + "endpoints: {cliente: {}}", "endpoint desconhecido: cliente"),
        (ONE + "endpoints: {parcelas: {}}", "endpoint desconhecido: parcelas"),
        (ONE + "endpoints: {clientes: {mode: sync}}", "endpoints.clientes.mode: deve ser um"),
        (ONE + "endpoints: {clientes: {error_budget: 10}}", "no máximo 9"),
        (ONE + "endpoints: {clientes: {guardrails: {max_deletes: -1}}}", "no mínimo 0"),
        (ONE + "endpoints: {clientes: {guardrails: {max: 1}}}", "max: chave desconhecida"),
        (ONE + "endpoints: {clientes: {max_rejected_share: 5}}", "no máximo 1"),
        (ONE.replace("sul,", "sul, importar: {agenda: {titulos: 8h}},"), "6h, daily, manual"),
        (ONE.replace("sul,", "sul, importar: {agenda: {titulo: 6h}},"), "desconhecida: titulo"),
        (ONE + ONE, "aparece duas vezes"),
        ("empresas: [", "não é YAML válido"),
    ],
)
def test_a_wrong_file_is_refused_naming_the_place(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in _refused(tmp_path, text)


def test_two_empresas_may_share_neither_name_nor_key(tmp_path: Path) -> None:
    entry = "{nome: %s, app_key_env: %s, app_secret_env: S}"
    for first, second in ((("a", "K"), ("A", "L")), (("a", "K"), ("b", "K"))):
        text = f"empresas: [{entry % first}, {entry % second}]"
        assert "duas empresas" in _refused(tmp_path, text)


def test_a_missing_file_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"OMIE_PIPELINE_CONFIG: .*nada\.yaml"):
        load_config(Settings(config=tmp_path / "nada.yaml"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE + "a: &a [*a]\n", "contém a si mesmo"),
        (ONE + "a: &a {b: {c: *a}}\n", "contém a si mesmo"),
        ("[" * 5000 + "]" * 5000, "níveis"),
        (
            "a0: &a0 [1,2,3,4,5,6,7,8,9,10]\n"
            + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
            "apelidos",
        ),
    ],
    ids=["itself", "itself deeper", "nested", "billion laughs"],
)
def test_yaml_without_an_end_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    assert words in _refused(tmp_path, text)


def test_an_alias_that_ends_is_fine(tmp_path: Path) -> None:
    text = (
        "empresas:\n"
        "  - {nome: sul, app_key_env: SUL_KEY, app_secret_env: &s SUL_SECRET}\n"
        "  - {nome: norte, app_key_env: NORTE_KEY, app_secret_env: *s}\n"
    )
    assert [one.nome for one in _load(tmp_path, text).empresas] == ["sul", "norte"]
