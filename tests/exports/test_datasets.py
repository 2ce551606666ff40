"""Datasets: streamed from one snapshot under pseudonyms, as files that others read."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import text

from app.models.clients import ClientScope
from app.models.exports import ExportDataset
from app.services.exports.columns import columns_of
from app.services.exports.datasets import DATASETS
from tests.house.rows import one_of_each
from tests.story import Caller, Wing

EVERY = list(ExportDataset)


async def lived(wing: Wing) -> dict[str, dict[str, Any]]:
    """A row of every table: what is exported of them."""
    async with wing.db.write(wing.prison_id) as session:
        world = await one_of_each(await session.connection(), wing.prison_id)
        for told in (
            "shift SET status = 'published', superseded_at = NULL",
            "concern SET about_mentor = false, about_staff_id = NULL, about_staff_as_told = NULL",
            "history SET noun = 'mentees'",
        ):
            await session.execute(text(f"UPDATE {told}"))
    return world


async def taken(who: Caller, dataset: str, **query: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of a dataset, and its cursor."""
    params = {"format": "ndjson", **query}
    response = await who.request("GET", f"exports/{dataset}", params=params)
    assert response.status_code == 200, response.text
    rows = [json.loads(line) for line in response.content.splitlines()]
    return rows, response.headers["X-Export-Cursor"]


@pytest.mark.parametrize("dataset", EVERY)
async def test_a_row_of_every_dataset_is_what_its_model_says(wing: Wing, dataset: str) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    rows, _ = await taken(machine, dataset)
    assert rows
    of = DATASETS[ExportDataset(dataset)]
    names = [each.name for each in columns_of(of, False)]
    for row in rows:
        assert list(row) == names
        of.row.model_validate(row)
        assert row["removed"] is False
    response = await machine.request("GET", f"exports/{dataset}")
    assert list(csv.reader(io.StringIO(response.text)))[0] == names
    assert len(response.text.splitlines()) == len(rows) + 1


