"""Commands that print what the service is made of."""

import json

import typer

from app.config import settings


def openapi() -> None:
    """Print the OpenAPI document."""
    from app.main import create_app

    typer.echo(json.dumps(create_app(settings()).openapi(), indent=2, ensure_ascii=False))


def lifecycles() -> None:
    """Print every lifecycle as Mermaid."""
    from app import lifecycles as drawn

    typer.echo(drawn.as_markdown(), nl=False)
