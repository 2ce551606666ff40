"""Rotas: who of the mentors serves when, day and night."""
