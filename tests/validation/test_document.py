"""The page of the rules is what the suites say."""

from __future__ import annotations

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.texts.validation import RULES
from omie_pipeline.validation import suite_summary
from scripts.generate.validation_page import validation_markdown


def test_every_rule_of_every_suite_is_on_it() -> None:
    page = validation_markdown()
    for endpoint in WRITABLE:
        if not endpoint.deletes:
            for line in suite_summary(endpoint):
                assert f"| `{line.field}` |" in page
                assert f"`{line.rule}`" in page
    for name in RULES:
        assert f"\n| `{name}` | " in page
    assert "{campo}" not in page
