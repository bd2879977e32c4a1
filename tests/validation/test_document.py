"""The page of the rules is what the suites say."""

from __future__ import annotations

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.resources.settings import project_root
from omie_pipeline.validation import suite_summary
from omie_pipeline.validation.document import validation_markdown
from omie_pipeline.validation.messages import RULES

PAGE = project_root() / "docs" / "validation.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == validation_markdown()


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
