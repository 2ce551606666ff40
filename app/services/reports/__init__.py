"""Reports: what became of people (`outcomes.py`), counted from records and never typed in."""
