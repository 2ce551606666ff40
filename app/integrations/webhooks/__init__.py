"""Webhooks on the wire: signed per Standard Webhooks, sent to addresses that were looked at after
they were resolved, never redirected."""
