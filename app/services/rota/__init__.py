"""Working out a rota: what it is worked out from (`facts.py`, `expanding.py`, `problem.py`), what
is possible and what it costs (`candidates.py`, `pricing.py`), the solver (`rota_model.py`,
`start.py`, `solver.py`), and the gaps it names (`gaps.py`). All but `facts.py` is pure."""
