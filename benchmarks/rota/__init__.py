"""How good a rota is worked out, and how quickly."""
