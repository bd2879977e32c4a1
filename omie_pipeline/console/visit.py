"""A request of a person: what they may do, where they are, and how a page is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.console.access.people import Person
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.access.sessions import Session
from omie_pipeline.console.actions import new_action
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.texts.console import common as texts


@dataclass(frozen=True)
class Visit:
    """Who asks, for which empresa.

    Attributes:
        empresa: the one that the address names; ``""`` on pages over all of them.
        empresas: all that this person may see anything of.
        fragment: htmx asks for a part of a page.
    """

    backstage: Backstage
    session: Session
    empresa: str
    empresas: tuple[str, ...]
    path: str
    fragment: bool = False

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.session.person

    @property
    def seen(self) -> Deployment:
        """What pages read through: it shows what this person may see."""
        return self.backstage.seen

    def may(self, permission: str, empresa: str | None = None) -> bool:
        """Whether this person may do that here, or for another empresa."""
        return self.person.may(Permission(permission), empresa or self.empresa)

    @property
    def looks_after_people(self) -> bool:
        """Whether this person says who may enter: a login is not of one empresa, so of all."""
        known = self.backstage.acting.empresas
        return all(self.person.may(Permission.PEOPLE, one) for one in known)

    def need(self, permission: Permission, empresa: str | None = None) -> None:
        """Go on only if this person may.

        Raises:
            HTTPException: 403.
        """
        if not self.person.may(permission, empresa or self.empresa):
            raise HTTPException(403)

    def page(self, template: str, catalogue: ModuleType, **values: Any) -> HTMLResponse:
        """Render a template.

        Args:
            template: its file.
            catalogue: the module with its texts, ``t`` in the template.
            values: what it shows.
        """
        found = self.backstage.templates.get_template(template)
        return HTMLResponse(
            found.render(c=texts, t=catalogue, visit=self, new_action=new_action, **values)
        )


def visit(request: Request, empresa: str = "") -> Visit:
    """The visit of a request: the dependency of every page but the one to enter by.

    Raises:
        HTTPException: 401 without a session, 404 for an empresa that this person sees nothing of.
    """
    session: Session | None = request.state.session
    if session is None:
        raise HTTPException(401)
    backstage: Backstage = request.app.state.backstage
    seen = session.person.empresas(backstage.acting.empresas)
    if empresa and empresa not in seen:
        raise HTTPException(404)
    fragment = request.headers.get("hx-request") == "true"
    return Visit(backstage, session, empresa, seen, request.url.path, fragment)


def needing(permission: Permission) -> Callable[..., Visit]:
    """A dependency that refuses who may not do that for the empresa of the address."""

    def checked(found: Annotated[Visit, Depends(visit)]) -> Visit:
        found.need(permission)
        return found

    return checked


AnyVisit = Annotated[Visit, Depends(visit)]
