"""Settings: every variable, where it comes from, what is refused, what is never shown."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from omie_pipeline.config.settings import (
    OMIE_URL,
    Settings,
    environment,
    load_settings,
    project_root,
    variable_names,
)
from omie_pipeline.errors import ConfigurationError

SECRET = "segredo-que-ninguem-deve-ver"
EVERY_VARIABLE: dict[str, tuple[str, str, object]] = {
    "OMIE_APP_KEY": ("app_key", SECRET, SecretStr(SECRET)),
    "OMIE_APP_SECRET": ("app_secret", SECRET, SecretStr(SECRET)),
    "OMIE_BASE_URL": ("base_url", "https://omie.test/api/v1", "https://omie.test/api/v1/"),
    "OMIE_CALLS_PER_MINUTE": ("calls_per_minute", "100", 100),
    "OMIE_CALLS_PER_MINUTE_IP": ("calls_per_minute_ip", "500", 500),
    "OMIE_TIMEOUT_SECONDS": ("timeout_seconds", "2.5", 2.5),
    "OMIE_WEBHOOK_SECRET": ("webhook_secret", SECRET, SecretStr(SECRET)),
    "OMIE_NOTIFY_URLS": (
        "notify_urls",
        f"mailtos://u:{SECRET}@smtp.test slack://{SECRET}",
        SecretStr(f"mailtos://u:{SECRET}@smtp.test slack://{SECRET}"),
    ),
    "OMIE_INBOX_KEEP_DAYS": ("inbox_keep_days", "7", 7),
    "OMIE_OUTBOX_KEEP_DAYS": ("outbox_keep_days", "90", 90),
    "WAREHOUSE_URL": (
        "warehouse_url",
        f"postgresql://u:{SECRET}@db/x",
        SecretStr(f"postgresql://u:{SECRET}@db/x"),
    ),
    "OMIE_PIPELINE_SCHEMA_PREFIX": ("schema_prefix", "clinica1_", "clinica1_"),
    "OMIE_PIPELINE_TIME_ZONE": ("time_zone", "America/Manaus", "America/Manaus"),
    "CLINIC_URL": ("clinic_url", f"mysql://u:{SECRET}@db/x", SecretStr(f"mysql://u:{SECRET}@db/x")),
    "OMIE_PIPELINE_HOME": ("home", "/srv/estado", Path("/srv/estado")),
    "OMIE_PIPELINE_CONFIG": ("config", "empresas.yaml", project_root() / "empresas.yaml"),
    "OMIE_PIPELINE_STAGING": ("staging", "synthea", "synthea"),
    "OMIE_PIPELINE_MODELS": ("models", "modelos", project_root() / "modelos"),
    "OMIE_PIPELINE_FULL_READ_DAYS": ("full_read_days", "7", 7),
    "OMIE_PIPELINE_OVERLAP_MINUTES": ("overlap_minutes", "90", 90),
    "OMIE_PIPELINE_START_DATE": ("start_date", "2025-03-01", date(2025, 3, 1)),
    "OMIE_PIPELINE_INCLUDE_BEFORE_START": ("include_before_start", "true", True),
    "OMIE_PIPELINE_SCHEDULE": ("schedule", "daily", "daily"),
    "OMIE_PIPELINE_NFSE_ARCHIVE": ("nfse_archive", "/srv/notas", "/srv/notas"),
}
ENV_EXAMPLE = project_root() / ".env.example"


@pytest.fixture(autouse=True)
def _no_variable_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMIE_PIPELINE_MODELS")


def test_the_table_above_has_every_variable() -> None:
    assert set(EVERY_VARIABLE) == set(variable_names())


@pytest.mark.parametrize("name", EVERY_VARIABLE)
def test_each_variable_is_read_from_the_environment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    field, text, value = EVERY_VARIABLE[name]
    monkeypatch.setenv(name, text)
    settings = load_settings()
    assert getattr(settings, field) == value
    assert getattr(Settings(), field) != value


@pytest.mark.parametrize("name", EVERY_VARIABLE)
def test_each_variable_is_read_from_the_file(name: str, tmp_path: Path) -> None:
    field, text, value = EVERY_VARIABLE[name]
    file = tmp_path / ".env"
    file.write_text(f"{name}={text}\n")
    assert getattr(load_settings(file), field) == value


def test_the_process_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("OMIE_PIPELINE_STAGING=do_arquivo\nCLINICA_SUL_APP_KEY=123\n")
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "do_processo")
    assert load_settings(file).staging == "do_processo"
    assert environment(file)["OMIE_PIPELINE_STAGING"] == "do_processo"
    assert environment(file)["CLINICA_SUL_APP_KEY"] == "123"


def test_a_dollar_in_the_file_is_just_a_character(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OMIE_APP_SECRET='a${HOME}$b'\n")
    assert load_settings(file).app_secret == SecretStr("a${HOME}$b")


def test_without_any_variable_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.base_url == OMIE_URL
    assert settings.home == project_root() / ".omie_pipeline"
    assert (settings.app_key, settings.warehouse_url, settings.config) == (None, None, None)
    assert (settings.calls_per_minute, settings.calls_per_minute_ip) == (235, 940)
    assert (settings.start_date.month, settings.start_date.day) == (1, 1)


def test_only_our_own_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {field.upper() for field in Settings.model_fields} - set(variable_names()):
        monkeypatch.setenv(name, "12")
    assert load_settings() == Settings()


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EVERY_VARIABLE:
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings()


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (_, text, _value) in EVERY_VARIABLE.items():
        monkeypatch.setenv(name, text)
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown


@pytest.mark.parametrize(
    "url",
    [
        "https://app.omie.com.br/api/v1",
        "https://app.omie.com.br/api/v1//",
        "http://127.0.0.1:8123/api/v1",
        "http://127.9.9.9/x",
        "http://localhost:1/",
        "http://[::1]:8123/api/v1/",
    ],
)
def test_a_safe_base_url_gets_one_trailing_slash(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_BASE_URL", url)
    assert load_settings().base_url == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    "url",
    [
        "http://app.omie.com.br/api/v1/",
        "http://localhost.evil.test/",
        "http://127.0.0.1.evil.test/",
        "http://10.0.0.5/api/v1/",
        "http://0.0.0.0/api/v1/",
        "ftp://127.0.0.1/",
        "app.omie.com.br",
        "https://",
        f"https://user:{SECRET}@app.omie.com.br/",
        "https://app.omie.com.br/?a=1",
        "http://[::1/",
    ],
)
def test_an_unsafe_base_url_is_refused_by_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_BASE_URL", url)
    with pytest.raises(ConfigurationError, match=r"^OMIE_BASE_URL: ") as refused:
        load_settings()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("OMIE_CALLS_PER_MINUTE", "muitas", "número inteiro"),
        ("OMIE_CALLS_PER_MINUTE", "0", "no mínimo 1"),
        ("OMIE_CALLS_PER_MINUTE", "241", "no máximo 240"),
        ("OMIE_CALLS_PER_MINUTE_IP", "961", "no máximo 960"),
        ("OMIE_TIMEOUT_SECONDS", "nan", "número finito"),
        ("OMIE_TIMEOUT_SECONDS", "0", "maior que 0"),
        ("OMIE_PIPELINE_SCHEDULE", "hourly", "6h, daily, manual"),
        ("OMIE_PIPELINE_START_DATE", "01/03/2025", "AAAA-MM-DD"),
        ("OMIE_PIPELINE_INCLUDE_BEFORE_START", "talvez", "true ou false"),
        ("OMIE_PIPELINE_STAGING", "../fora", "caracteres"),
        ("WAREHOUSE_URL", f"mysql://u:{SECRET}@db/x", "PostgreSQL"),
        ("WAREHOUSE_URL", SECRET, "PostgreSQL"),
        ("OMIE_NOTIFY_URLS", SECRET, "servico://"),
        ("OMIE_PIPELINE_TIME_ZONE", "Brasilia", "America/Sao_Paulo"),
        ("OMIE_PIPELINE_TIME_ZONE", "UTC'; DROP", "America/Sao_Paulo"),
        ("OMIE_PIPELINE_SCHEMA_PREFIX", "Clinica1_", "aceito"),
        ("OMIE_PIPELINE_SCHEMA_PREFIX", "1_", "aceito"),
        ("OMIE_PIPELINE_SCHEMA_PREFIX", "pg_a", "pg_"),
        ("OMIE_PIPELINE_SCHEMA_PREFIX", 'a"; --', "aceito"),
        ("OMIE_PIPELINE_SCHEMA_PREFIX", "a" * 31, "aceito"),
        ("CLINIC_URL", "warehouse://clinica", "esquema é do próprio programa"),
        ("CLINIC_URL", "warehouse://omie_payload/", "esquema é do próprio programa"),
        ("OMIE_NOTIFY_URLS", f"json://127.0.0.1 {SECRET}", "servico://"),
    ],
)
def test_a_wrong_value_is_refused_in_portuguese_by_name(
    name: str, text: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert name in str(refused.value)
    assert reason in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_SCHEDULE", "x")
    monkeypatch.setenv("OMIE_TIMEOUT_SECONDS", "x")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert len(str(refused.value).splitlines()) == 2


def test_a_simulator_on_this_machine_may_be_called_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_BASE_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("OMIE_CALLS_PER_MINUTE", "100000")
    assert load_settings().calls_per_minute == 100_000


def test_the_example_lists_exactly_the_variables_there_are() -> None:
    listed = re.findall(r"^#?([A-Z_]+)=", ENV_EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(variable_names())


def test_each_variable_of_the_example_has_a_comment() -> None:
    """A comment stands right above each variable, or above the pair that it belongs to."""
    above = ""
    for line in ENV_EXAMPLE.read_text("utf-8").splitlines():
        if re.match(r"#?[A-Z_]+=", line):
            assert above.startswith(("# ", "#OMIE_")), line
        above = line


def test_the_example_uncommented_is_valid(tmp_path: Path) -> None:
    filled = re.sub(r"^#([A-Z_]+=)", r"\1", ENV_EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    file = tmp_path / ".env"
    file.write_text(filled, "utf-8")
    settings = load_settings(file)
    assert settings.base_url == OMIE_URL
    assert settings.calls_per_minute == Settings.model_fields["calls_per_minute"].default
