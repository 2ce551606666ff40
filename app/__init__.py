"""Wellwing: the API of a prison's peer-mentor emotional well-being scheme."""

__version__ = "0.1.0"
