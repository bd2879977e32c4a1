"""The webhook addresses from the environment and the YAML of empresas."""

from __future__ import annotations

import re
from collections.abc import Mapping

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.empresas import webhook_secret_variable
from omie_pipeline.config.settings import environment
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.webhooks.doors import Door

_SAFE_SECRET = re.compile(r"[A-Za-z0-9_-]{24,200}")


def configured_doors(
    deployment: Deployment, variables: Mapping[str, str] | None = None
) -> tuple[Door, ...]:
    """One door for each empresa whose webhook secret is set, in the order of the file.

    Raises:
        ConfigurationError: a secret is short or no part of a URL, or the app key is not set; the
            variables are named, their values are not shown.
    """
    found = environment() if variables is None else variables
    doors: list[Door] = []
    for empresa in deployment.config.empresas:
        variable = webhook_secret_variable(empresa, deployment.config)
        secret = found.get(variable, "") if variable else ""
        if not secret:
            continue
        if not _SAFE_SECRET.fullmatch(secret):
            raise ConfigurationError(
                f"{variable}: use de 24 a 200 letras sem acento, algarismos, - e _ "
                "(omie-pipeline webhooks --novo-segredo cria um)"
            )
        app_key = found.get(empresa.app_key_env, "")
        if not app_key:
            raise ConfigurationError(
                f"Empresa {empresa.nome}: defina {empresa.app_key_env}, para reconhecer os eventos"
            )
        doors.append(Door(empresa.nome, secret, app_key))
    return tuple(doors)
