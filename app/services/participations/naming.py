"""What mentors call the people of a group: first names, and alike ones numbered. Pure.

A surname's first letter would tell more than a group may know, so it is never added.
"""

from collections import Counter
from collections.abc import Sequence


def in_a_group(first_names: Sequence[str]) -> list[str]:
    """The names in the order of the list; those that two share with their number among them."""
    often = Counter(first_names)
    seen: Counter[str] = Counter()
    found = []
    for name in first_names:
        seen[name] += 1
        found.append(f"{name} {seen[name]}" if often[name] > 1 else name)
    return found
