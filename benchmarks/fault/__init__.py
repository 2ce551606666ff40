"""The fault test: kill anything at any time, and nothing answered 201 may be lost."""
