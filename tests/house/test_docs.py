"""The docs are true: the page works offline, the rules name real tests, decisions are numbered."""

import ast
import re
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"


async def test_the_docs_page_needs_no_internet(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page.text)
    found = {one or other for one, other in addresses}
    assert len(found) >= 4
    for address in found:
        assert address.startswith("/"), address
        assert (await http.get(address)).status_code == 200, address


async def test_the_document_is_served(http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")


def named_in(page: Path) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text())


def hold_that_they_exist(named: list[tuple[str, str]]) -> None:
    for file, function in named:
        path = ROOT / file
        assert path.exists(), file
        if function:
            names = {
                node.name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert function in names, f"{file}::{function}"


def test_every_house_rule_names_the_test_that_keeps_it() -> None:
    named = named_in(ROOT / "CONTRIBUTING.md")
    assert len(named) >= 12
    hold_that_they_exist(named)


def test_every_hazard_names_the_test_that_shows_what_holds_it_off() -> None:
    page = ROOT / "docs" / "hazards.md"
    rows = re.findall(r"^\| H(\d+) \|.*$", page.read_text(), re.M)
    assert [int(number) for number in rows] == list(range(1, len(rows) + 1))
    for line in page.read_text().splitlines():
        if line.startswith("| H"):
            assert "`tests/" in line.split("|")[4], line
    hold_that_they_exist(named_in(page))


def test_decisions_are_numbered_on_and_have_their_costs() -> None:
    decisions = sorted(DECISIONS.glob("*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert "## Costs" in text, path.name
        assert len(text.split()) <= 650, f"{path.name} is longer than a page"


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert pages
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
