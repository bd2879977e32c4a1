"""Suggestions: what is told apart, what never comes, and that confidence is what was measured."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from benchmarks import bench_suggestions as measured
from benchmarks.suggestions import fit, sample_company
from benchmarks.suggestions.labelled import EARLIER, LATER, names_of, plan, with_history
from omie_pipeline.list_mapping.model import SourceItem, Suggestion, TargetCode
from omie_pipeline.list_mapping.patterns import LONGEST, Pattern, checked, matches
from omie_pipeline.list_mapping.scores import Profile, Use
from omie_pipeline.list_mapping.suggest import MOST, Known, fitted, suggest

TODAY = date(2026, 3, 1)
CLINIC = plan("clinic")
RENT, LIGHT, LAWYER, WAGES = "2.04.01", "2.04.03", "2.04.13", "2.03.01"


def suggested(
    name: str, known: Known | None = None, *, revenue: bool | None = False
) -> tuple[Suggestion, ...]:
    """For one category of that name, paid unless said otherwise."""
    item = SourceItem("category", "7", name)
    given = known or Known(TODAY)
    profiles = given.profiles or (Profile("category", "7", revenue=False),)
    full = Known(TODAY, given.uses, profiles, given.patterns, given.rejected)
    return suggest([item], CLINIC, full)["category", "7"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LOCACAO DO IMOVEL", RENT),
        ("Aluguel da clínica", RENT),
        ("Alugel", RENT),
        ("Conta de energia", LIGHT),
        ("Hon. advocat.", LAWYER),
        ("Desp. folha", WAGES),
        ("Salários", WAGES),
        ("DAS", "2.06.01"),
        ("I.S.S.", "2.06.02"),
        ("Pró Labore", "2.03.04"),
        ("VT / VR", "2.03.03"),
        ("Mat. p/ escritório", "2.04.09"),
        ("Insumos hospitalares", "2.01.01"),
    ],
)
def test_a_name_is_known_by_meaning_short_form_and_mistakes(name: str, code: str) -> None:
    found = suggested(name)
    assert found[0].code == code
    assert found[0].confidence > 0.5


@pytest.mark.parametrize("name", ["Diversos", "A definir", "Dr. Fulano", "???", "", "das"])
def test_a_name_that_says_nothing_is_suggested_nothing_with_confidence(name: str) -> None:
    assert all(one.confidence < 0.5 for one in suggested(name))


def test_only_codes_that_may_be_used_and_are_of_the_rows_side_are_suggested() -> None:
    inactive = TargetCode("category", "2.98", "Aluguel", active=False)
    group = TargetCode("category", "2.97", "Aluguel", total_line=True, active=False)
    income = TargetCode("category", "1.97", "Aluguel", revenue=True)
    item = SourceItem("category", "Aluguel", "Aluguel")
    paid = Known(TODAY, profiles=(Profile("category", "Aluguel", revenue=False),))
    found = suggest([item], (inactive, group, income, *CLINIC), paid)["category", "Aluguel"]
    assert found[0].code == RENT
    assert not {"2.98", "2.97", "1.97"} & {one.code for one in found}
    assert suggest([item], (inactive, group), paid) == {("category", "Aluguel"): ()}
    assert len(suggest([item], CLINIC, Known(TODAY))["category", "Aluguel"]) <= MOST


def test_a_rejected_suggestion_does_not_come_back_and_its_probability_goes_to_the_others() -> None:
    first, second = suggested("Juros e amortização")[:2]
    after = suggested("Juros e amortização", Known(TODAY, rejected={("category", "7", first.code)}))
    assert first.code not in {one.code for one in after}
    assert after[0].code == second.code
    assert after[0].confidence > second.confidence
    other_value = Known(TODAY, rejected={("category", "8", first.code)})
    assert suggested("Juros e amortização", other_value)[0] == first


def _own(code: str, records: int, *, chosen: int = 0, settled: int = 0, year: int = 2026) -> Use:
    return Use(code, "category", "7", None, "", None, records, settled, chosen, date(year, 1, 10))


def test_where_people_put_the_records_is_told_beside_a_name_that_says_otherwise() -> None:
    moved = Known(TODAY, uses=(_own(LAWYER, 12, chosen=12, settled=9),))
    found = {one.code: one for one in suggested("Aluguel", moved)}
    assert {*found} == {RENT, LAWYER}
    assert found[RENT].confidence < suggested("Aluguel")[0].confidence
    assert "12 de 12 títulos" in found[LAWYER].evidence
    assert "9 já baixados" in found[LAWYER].evidence
    assert suggested("C-017", moved)[0].confidence > 0.7


def test_what_nobody_chose_does_not_outweigh_a_name() -> None:
    by_default = Known(TODAY, uses=(_own(LAWYER, 12),))
    assert suggested("Aluguel", by_default)[0].code == RENT


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        (_own(RENT, 6, chosen=6), _own(LIGHT, 6, chosen=6, settled=6)),
        (_own(RENT, 6, chosen=6, year=2023), _own(LIGHT, 6, chosen=6)),
        (_own(RENT, 6, chosen=2), _own(LIGHT, 6, chosen=6)),
        (_own(RENT, 2, chosen=2), _own(LIGHT, 6, chosen=6)),
    ],
    ids=["settled first", "newer", "chosen", "more"],
)
def test_of_two_codes_the_better_proven_is_first(weaker: Use, stronger: Use) -> None:
    for uses in ((weaker, stronger), (stronger, weaker)):
        assert suggested("C-017", Known(TODAY, uses=uses))[0].code == LIGHT


def test_records_with_the_same_company_and_of_the_same_text_are_told_without_names() -> None:
    uses = (
        Use(LIGHT, party=41, text="Fatura de Joana Prado", band=9, records=8, settled=8, chosen=8),
        Use(LIGHT, party=42, text="Enel 03/2026", band=8, records=3, settled=1, chosen=3),
    )
    profile = Profile("category", "7", frozenset({41}), frozenset({9}), revenue=False)
    known = Known(TODAY, uses=uses, profiles=(profile,))
    found = suggested("Enel", known)[0]
    assert found.code == LIGHT
    assert "8 de 8 títulos com as mesmas empresas" in found.evidence
    assert "3 de 3 títulos de descrição parecida" in found.evidence
    assert "Joana" not in found.evidence
    far = Profile("category", "7", frozenset({41}), frozenset({15}), revenue=False)
    other = suggested("C-9", Known(TODAY, uses=uses, profiles=(far,)))
    near = suggested("C-9", Known(TODAY, uses=uses, profiles=(profile,)))
    confidence = {one.code: one.confidence for one in other}
    assert near[0].confidence > confidence.get(LIGHT, 0.0)


def test_a_pattern_comes_first_and_says_who_wrote_it() -> None:
    pattern = Pattern("category", "category", "*ALUGUEL*galpão", LAWYER, "Ana")
    found = suggested("aluguel do Galpao", Known(TODAY, patterns=(pattern,)))
    assert found[0].code == LAWYER
    assert found[0].confidence > 0.5
    assert found[0].evidence.startswith("combina com o padrão *ALUGUEL*galpão, de Ana")
    of_procedures = Pattern("procedure", "category", "*aluguel*", LAWYER)
    assert suggested("Aluguel", Known(TODAY, patterns=(of_procedures,)))[0].code == RENT


@pytest.mark.parametrize("glob", ["", "*", "*a*", "??", "x" * (LONGEST + 1)])
def test_a_pattern_that_says_too_little_or_too_much_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        checked(glob)


def test_no_pattern_takes_long_and_none_is_a_regular_expression() -> None:
    long = Pattern("category", "category", "abc" + "*a" * 40 + "*z", RENT)
    assert not matches(long, SourceItem("category", "7", "abc" + "a" * 5_000))
    bracket = Pattern("category", "category", "sala [abc]*", RENT)
    assert matches(bracket, SourceItem("category", "7", "Sala [ABC] térreo"))
    assert not matches(bracket, SourceItem("category", "7", "Sala a térreo"))
    dotted = Pattern("category", "category", "i.p.t.u", RENT)
    assert not matches(dotted, SourceItem("category", "7", "ixpxtxu"))


def test_the_order_of_what_is_known_changes_nothing() -> None:
    case = with_history(names_of(("eye clinic",))[0], 5, noise=0.2)
    known = Known(TODAY, case.uses, case.profiles)
    turned = Known(TODAY, case.uses[::-1], case.profiles[::-1])
    forward = suggest(case.items, case.targets, known)
    assert {key: [(s.code, s.evidence) for s in found] for key, found in forward.items()} == {
        key: [(s.code, s.evidence) for s in found]
        for key, found in suggest(case.items[::-1], case.targets, turned).items()
    }
    assert all(sum(Decimal(str(s.confidence)) for s in found) <= 1 for found in forward.values())


def test_on_lists_it_was_not_fitted_to_it_keeps_what_was_measured() -> None:
    names = measured.judged(names_of(LATER), measured.ours)
    assert measured.precision(names) >= 0.75
    assert measured.calibration_error(names) <= 0.15
    assert measured.sure(names)[1] >= 0.95
    recorded = [with_history(case, 11, noise=0.2) for case in names_of(LATER)]
    said = measured.judged(recorded, measured.ours)
    assert measured.precision(said) >= 0.9
    for baseline in (measured.most_frequent, measured.by_trigrams):
        assert measured.precision(measured.judged(recorded, baseline)) < 0.6
    sample, _ = sample_company.case(history=True)
    by_time = measured.judged([sample], lambda case: measured.ours(case, sample_company.CUT))
    assert measured.precision(by_time) >= 0.9


@pytest.mark.slow
def test_what_is_kept_is_what_the_fit_gives() -> None:
    assert not set(EARLIER) & set(LATER)
    again, kept = fit.fit(EARLIER), fitted()
    assert again.weights == pytest.approx(kept.weights, abs=0.02)
    assert again.none == pytest.approx(kept.none, abs=0.02)
    said = [one for one, _ in kept.table]
    right = [one for _, one in kept.table]
    assert said == sorted(said)
    assert right == sorted(right)
