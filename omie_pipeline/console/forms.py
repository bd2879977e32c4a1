"""Forms: what a person sends, proved to come from a page of theirs."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form, Header
from starlette.exceptions import HTTPException

from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import Asked
from omie_pipeline.console.visit import Visit, visit

_ACTION: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True)
class Sent:
    """A form that may be acted upon."""

    visit: Visit
    action_id: str

    def asked(self, kind: str, /, **subject: str | int | bool | list[str] | None) -> Asked:
        """What this form asks for, of the visit's empresa."""
        return Asked(self.action_id, self.visit.empresa, kind, self.visit.person.login, subject)


def sent(
    found: Annotated[Visit, Depends(visit)],
    csrf: Annotated[str, Form()] = "",
    action_id: Annotated[str, Form()] = "",
    x_csrf: Annotated[str, Header()] = "",
) -> Sent:
    """A form of this session: the dependency of everything that does something.

    Raises:
        HTTPException: 403 without the session's token, 422 without the id of an action.
    """
    given = (csrf or x_csrf).encode()
    if not hmac.compare_digest(given, found.session.csrf_token.encode()):
        raise HTTPException(403)
    if not _ACTION.fullmatch(action_id):
        raise HTTPException(422)
    return Sent(found, action_id)


def sent_by(permission: Permission) -> Callable[..., Sent]:
    """The same, of who may do that for the empresa of the address."""

    def checked(form: Annotated[Sent, Depends(sent)]) -> Sent:
        form.visit.need(permission)
        return form

    return checked
