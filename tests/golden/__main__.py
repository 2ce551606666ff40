"""Writes every golden file anew, or only those whose name holds a word given."""

import sys

from tests.golden import FILES

words = sys.argv[1:] or [""]
for path, render in FILES.items():
    if not any(word in path.name for word in words):
        continue
    text = render()
    same = path.exists() and path.read_text() == text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    sys.stdout.write(f"{'same   ' if same else 'written'} {path.name}\n")
