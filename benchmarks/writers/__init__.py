"""Whether many who plan at once are ever given the same room, mentor or mentee."""
