"""Títulos that stand twice in Omie: what is listed, and what a person decides of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.plans import plan_deletions
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.plans.deletions import Deletion
from omie_pipeline.postgres.locks import lane, sending_lane
from omie_pipeline.reconcile.differences import Duplicate, duplicates
from omie_pipeline.reconcile.duplicate_decisions import (
    Decision,
    DuplicateDecision,
    adopt,
    remember_decision,
    standing_decisions,
    titles_of,
)
from omie_pipeline.switches.decisions import SwitchChange
from omie_pipeline.texts import app as texts


@dataclass(frozen=True, slots=True)
class ListedDuplicate:
    """A pair, and what was decided of it last, if anything."""

    pair: Duplicate
    decision: DuplicateDecision | None = None

    @property
    def ignored(self) -> bool:
        """Whether a person said that the two are two facts."""
        return self.decision is not None and self.decision.decision == "ignore"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of a decision.

    Attributes:
        plan_id: the plan that deletes one of the two once somebody approves it.
    """

    pair: Duplicate
    decision: Decision
    plan_id: str = ""


def listed_duplicates(deployment: Deployment, empresas: Sequence[str]) -> list[ListedDuplicate]:
    """Every pair, those that a person ignores too.

    Raises:
        ConfigurationError: the view is not there yet.
    """
    decided = standing_decisions(deployment.engine, empresas)
    return [
        ListedDuplicate(pair, decided.get((pair.empresa, pair.other_titulo)))
        for pair in duplicates(deployment.engine, empresas)
    ]


def resolve_duplicate(
    deployment: Deployment, empresas: Sequence[str], titulo: int, decision: Decision, by: str
) -> Resolved:
    """Carry out what a person decides of a pair, and remember who decided it.

    Nothing is deleted here: a plan is made that a person approves and applies.

    Args:
        deployment: the composed deployment.
        empresas: whose pairs are looked at.
        titulo: Omie's id of the título without a link, as it is listed.
        decision: what is decided.
        by: who decides.

    Raises:
        ConfigurationError: there is no such pair, or money stands on a título that would go.
        EmpresaPaused: it rests, and Omie is not to be asked.
    """
    pair = _pair(deployment, empresas, titulo)
    if decision in ("adopt", "delete_ours") and _paid(pair.our_paid):
        raise ConfigurationError(texts.ours_is_paid(pair.our_titulo))
    if decision in ("adopt", "delete_theirs") and _paid(pair.other_paid):
        raise ConfigurationError(texts.theirs_is_paid(pair.other_titulo))
    made = DuplicateDecision(
        pair.empresa,
        titles_of(pair),
        pair.ledger_code,
        pair.our_titulo,
        pair.other_titulo,
        decision,
        by,
        deployment.clock.now(),
    )
    if decision == "adopt":
        name = sending_lane(made.empresa, made.endpoint)
        with lane(deployment.engine, name, deployment.clock) as held:
            adopt(held, made)
    if decision in ("ignore", "relist"):
        remember_decision(deployment.engine, made)
        return Resolved(pair, decision)
    plan_id = _deletion(deployment, pair, made)
    remember_decision(deployment.engine, replace(made, plan_id=plan_id))
    return Resolved(pair, decision, plan_id)


def decide_rule(
    deployment: Deployment,
    empresas: Sequence[str],
    titles: Sequence[str],
    rule: str | None,
    by: str,
) -> tuple[SwitchChange, ...]:
    """Say what becomes of títulos that people type in future: listed, or adopted; ``None``: what
    the policy says.

    Args:
        deployment: the composed deployment.
        empresas: whose títulos.
        titles: endpoints of títulos.
        rule: ``list``, ``adopt`` or ``None``.
        by: who decides.

    Raises:
        ConfigurationError: an endpoint has no such título.
    """
    for name in titles:
        deployment.switches.refuse_impossible(name, "on_lookalike", rule)
    now = deployment.clock.now()
    return tuple(
        deployment.switches.decide(empresa, name, "on_lookalike", rule, by, now)
        for empresa in empresas
        for name in titles
    )


def _pair(deployment: Deployment, empresas: Sequence[str], titulo: int) -> Duplicate:
    found = [one for one in duplicates(deployment.engine, empresas) if one.other_titulo == titulo]
    if not found:
        raise ConfigurationError(texts.no_such_duplicate(titulo))
    return found[0]


def _paid(value: Decimal | None) -> bool:
    return bool(value)


def _deletion(deployment: Deployment, pair: Duplicate, made: DuplicateDecision) -> str:
    """A plan over the one that is to go. One that was adopted leaves ours without a link, so it is
    named by its id."""
    ours = made.decision != "delete_theirs"
    due = pair.our_due_date if ours else pair.other_due_date
    typed = pair.incluido_em.astimezone(BRASILIA).date() if pair.incluido_em else None
    day = due or typed or deployment.clock.now().astimezone(BRASILIA).date()
    by_code = made.decision == "delete_ours"
    deletion = Deletion(
        made.endpoint,
        day,
        code=made.ledger_code if by_code else "",
        omie_id=None if by_code else (pair.our_titulo if ours else pair.other_titulo),
    )
    subject = texts.duplicate_subject(pair.our_titulo if ours else pair.other_titulo)
    return plan_deletions(
        deployment, made.empresa, [deletion], made.decided_by, subject=subject, origin="duplicates"
    ).plan_id
