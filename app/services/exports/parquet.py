"""Parquet from the text that PostgreSQL made: parsed and written by Arrow, a row group at a time.

Arrow is imported when the first file is asked for: it is half of the service's memory.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.models.exports import ExportCompression
from app.services.exports.columns import ColumnType, Kind

GROUP = 4 << 20  # of text; some twenty-five thousand rows


class _Out:
    """What Arrow writes into: what was written since it was taken last."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        found, self._pieces = b"".join(self._pieces), []
        return found


class _Writer:
    """One file: groups of rows in, its bytes out."""

    def __init__(self, columns: Sequence[ColumnType], codec: ExportCompression) -> None:
        import pyarrow as pa
        from pyarrow import csv
        from pyarrow import parquet as pq

        self._pa, self._csv = pa, csv
        kinds = {
            Kind.string: pa.string(),
            Kind.object: pa.string(),
            Kind.integer: pa.int64(),
            Kind.number: pa.float64(),
            Kind.boolean: pa.bool_(),
            Kind.date: pa.date32(),
            Kind.datetime: pa.timestamp("us", tz="UTC"),
        }
        self._memory = pa.system_memory_pool()
        schema = pa.schema([pa.field(each.name, kinds[each.kind]) for each in columns])
        self._schema = schema
        self._out = _Out()
        self._file = pq.ParquetWriter(
            self._out,
            schema,
            compression=codec.value,
            use_dictionary=[each.name for each in columns if each.codes],
            memory_pool=self._memory,
        )
        self._read = csv.ReadOptions(column_names=schema.names, use_threads=False)
        self._convert = csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )

    def group(self, text: bytes) -> bytes:
        """The bytes of a group of rows."""
        table = self._csv.read_csv(
            self._pa.py_buffer(text),
            read_options=self._read,
            convert_options=self._convert,
            memory_pool=self._memory,
        )
        self._file.write_table(table, row_group_size=table.num_rows)
        return self._out.taken()

    def end(self) -> bytes:
        """The last bytes: the index of all groups."""
        self._file.close()
        return self._out.taken()


async def as_parquet(
    text: AsyncIterator[bytes],
    columns: Sequence[ColumnType],
    codec: ExportCompression,
    group: int = GROUP,
) -> AsyncIterator[bytes]:
    """The file of rows that come as CSV without a heading, none of them with a line break; so many
    bytes of it are a group."""
    work = asyncio.get_running_loop().run_in_executor
    # One thread from the first group to the last: each would keep memory of its own.
    with ThreadPoolExecutor(1) as own:
        writer = await work(own, _Writer, columns, codec)
        held = bytearray()
        async for piece in text:
            held += piece
            if len(held) >= group:
                ends = held.rindex(b"\n") + 1
                whole = bytes(held[:ends])
                del held[:ends]
                yield await work(own, writer.group, whole)
        if held:
            yield await work(own, writer.group, bytes(held))
        yield await work(own, writer.end)
