"""Wellwing: the API of a prison's peer-mentor emotional well-being scheme."""

import atexit
import gc

__version__ = "0.1.0"

# Nearly all that a start makes stays to the end: walking it after every 700 new objects, as Python
# would, costs a fifth of the start.
gc.set_threshold(50_000, 20, 20)
# And at the end it is not walked once more: that would take a second, and some processes live for
# two.
atexit.register(gc.freeze)
