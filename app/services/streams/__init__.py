"""Streams: events as they happen, to whoever may see what they are about.

`tickets.py` lets a reader in, `hub.py` holds the streams of a process, `feed.py` reads a prison's
events and gives them out, `topics.py` says of what and in which words, `reading.py` asks the
database.
"""

from app.services.streams.hub import Streams
from app.services.streams.stream import Stream
from app.services.streams.tickets import make, use

__all__ = ["Stream", "Streams", "make", "use"]
