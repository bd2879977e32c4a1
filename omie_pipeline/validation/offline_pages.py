"""Data Docs that work without the internet and load nothing from third parties.

Great Expectations' pages load styles and scripts from six public hosts. The content is plain HTML,
so those tags are cut and a small style of our own stands in for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_OUTSIDE: Final = re.compile(
    r"<link\b[^>]*href=\"https?://[^>]*>"
    r"|<script\b[^>]*src=\"https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*src=\"https?://[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_STYLE: Final = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
body > footer, .footer, .fixed-bottom, nav img { display: none; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: .35rem .6rem; }
th, td { text-align: left; vertical-align: top; }
tr:hover td { background: #f6f6f6; }
h5 { font-size: 1.2rem; margin: 1.5rem 0 .3rem; } h6 { font-size: 1rem; margin: 1rem 0 .2rem; }
ul { columns: 3; list-style: none; padding: 0; } td ul { columns: 1; }
a { color: #1f5fbf; text-decoration: none; }
.failed, .text-danger { color: #b00020; } .text-success { color: #1b7f3b; }
</style>
</head>"""


def make_offline(folder: Path) -> None:
    """Rewrite every page below ``folder`` in place."""
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        cut = _OUTSIDE.sub("", text)
        page.write_text(cut.replace("</head>", _STYLE, 1), encoding="utf-8")
