"""What must not wait behind the rest."""

from starlette.requests import Request


def raises_a_concern(request: Request) -> bool:
    """Raising one or several, or adding words to one, also at an address that is a little wrong."""
    path = request.url.path.rstrip("/").lower()
    words = path.endswith("/addenda") and "/sessions/" not in path
    return request.method == "POST" and (path.endswith(("/concerns", "/concerns/batch")) or words)
