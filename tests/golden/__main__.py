"""Writes every golden file anew."""

import sys

from tests.golden import FILES

for path, render in FILES.items():
    text = render()
    same = path.exists() and path.read_text() == text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    sys.stdout.write(f"{'same   ' if same else 'written'} {path.name}\n")
