"""Write every generated file, or with ``--check`` only name those that differ."""

from __future__ import annotations

import sys

from scripts.generate.files import ROOT, generated_files


def main() -> int:
    """Run ``make generate``.

    Returns:
        1 if ``--check`` was given and a file differs from what its declarations say.
    """
    check = "--check" in sys.argv[1:]
    differing = [
        path
        for path, text in generated_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in differing:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if not check:
            path.write_text(generated_files()[path], encoding="utf-8")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
