"""Exports measured beside PostgreSQL's own copy of the same query."""
