"""Data, not code: read from the TOML files beside this page."""
