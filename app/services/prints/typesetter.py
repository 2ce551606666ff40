"""Sets one sheet as PDF, in a process of its own: JSON comes in, PDF goes out, nothing else does.

Run by `app/services/prints/paper.py`, by its path, so that it loads nothing of the app. It writes
no file, reads none but the templates beside its fonts, and ends after so much work.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Literal

import typst

SECONDS = 20  # of the processor's time
MEMORY = 2 * 1024**3
STANDARD: Literal["ua-1"] = "ua-1"  # PDF/UA: tagged, for screen readers


def main() -> None:
    """Read `{template, fonts, at, data}`, write the PDF."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    given = json.load(sys.stdin.buffer)
    template = Path(given["template"])
    fonts = typst.Fonts(include_system_fonts=False, font_paths=given["fonts"])
    families = dict.fromkeys(["Libertinus Serif", *fonts.families()])
    data = {**given["data"], "fonts": list(families)}
    lacking = {**data, "notices": [*data.get("notices", []), data.get("lacking", "")]}

    def made(data: dict[str, object], standard: Literal["ua-1"] | None) -> bytes:
        return typst.compile(
            template,
            root=template.parent,
            font_paths=fonts,
            sys_inputs={"data": json.dumps(data)},
            pdf_standards=standard,
            package_path=template.parent,
            package_cache_path=template.parent,
            timestamp=given["at"],
        )

    try:
        pdf = made(data, STANDARD)
    except typst.TypstError:  # a sign that no font has: tagged all the same, not by the standard
        pdf = made(lacking, None)
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
