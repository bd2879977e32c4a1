"""The console's tests: the real site over real HTTP, on a real PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.console.access.people import Grant, Person, add_person
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.server import Console
from tests.cli.conftest import _one_simulator, clinic, sim, terminal
from tests.push.world import World

__all__ = ["_one_simulator", "clinic", "sim", "terminal"]

PASSWORD = "quatro palavras sem relacao"
EMPRESAS = ("norte", "sul")


@dataclass
class Browser:
    """Somebody at the console: keeps cookies, takes forms from pages.

    Attributes:
        http: follows no redirection by itself.
    """

    http: httpx.Client

    def get(self, path: str, **more: str) -> httpx.Response:
        """A page, after redirections."""
        answer = self.http.get(path, headers=more)
        while answer.is_redirect:
            answer = self.http.get(answer.headers["location"])
        return answer

    def enter(self, login: str, password: str = PASSWORD) -> httpx.Response:
        """Type login and password."""
        return self.http.post("/entrar", data={"login": login, "password": password})

    def hidden(self, path: str = "/") -> dict[str, str]:
        """The hidden fields of a page's first form."""
        text = self.get(path).text
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
        return dict(reversed(found))

    def send(self, path: str, page: str = "/", **fields: str) -> httpx.Response:
        """Send a form of ``page`` to ``path``."""
        return self.http.post(path, data=self.hidden(page) | fields)


@dataclass
class House:
    """A console that answers, and the deployment behind it."""

    deployment: Deployment
    console: Console

    @property
    def engine(self) -> sa.Engine:
        return self.deployment.engine

    def browser(self) -> Browser:
        return Browser(httpx.Client(base_url=self.console.url, timeout=20))

    def let_in(self, login: str, *grants: Grant, password: str = PASSWORD) -> Browser:
        """Give somebody access, and enter as them."""
        person = Person(login, login.title(), grants)
        with self.engine.begin() as connection:
            now = self.deployment.clock.now()
            add_person(connection, person, SecretStr(password), "test", now)
        browser = self.browser()
        assert browser.enter(login, password).headers["location"] == "/"
        return browser

    def manager(self, empresa: str = "*") -> Browser:
        """Somebody who may do nearly everything."""
        return self.let_in(f"gestora.{empresa}".strip(".*"), Grant(empresa, Role.MANAGER))


@pytest.fixture
def house(clinic: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[House]:
    """A console over two empresas, ``norte`` and ``sul``."""
    lines = [
        f"  - {{nome: {name}, app_key_env: {name.upper()}_APP_KEY, "
        f"app_secret_env: {name.upper()}_APP_SECRET}}"
        for name in EMPRESAS
    ]
    monkeypatch.setenv("NORTE_APP_KEY", clinic.sim.app_key)
    monkeypatch.setenv("NORTE_APP_SECRET", clinic.sim.app_secret)
    monkeypatch.setenv("SUL_APP_KEY", "777000111222")
    monkeypatch.setenv("SUL_APP_SECRET", "segredo-errado")
    file = tmp_path / "empresas.yaml"
    file.write_text("\n".join(["empresas:", *lines]), "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    deployment = Deployment()
    with Console(Backstage(deployment), port=0) as console:
        yield House(deployment, console)
