"""How exports are described: the columns of each dataset, in words and for programs."""

from sqlmodel import Field

from app.models.base import Output


class ColumnRead(Output):
    """One column of a dataset."""

    name: str
    type: str = Field(description="As Frictionless calls it: `string`, `datetime`, `boolean`...")
    description: str | None
    required: bool = Field(description="Whether every row has it that was not removed.")
    codes: list[str] | None = Field(description="The codes it may hold; null: any.")
    pseudonym: bool = Field(description="Whether it holds pseudonyms.")


class DatasetRead(Output):
    """One dataset."""

    name: str
    description: str
    key: str = Field(description="The column by which a later change of a row is told.")
    day_of: str = Field(description="The column that `first_day` and `last_day` are about.")
    kind_of: str | None = Field(description="The column that `kind` is about; null: it has none.")
    columns: list[ColumnRead]
    named_columns: list[ColumnRead] = Field(
        description="What an export with names has besides; empty: there is none."
    )


class DictionaryRead(Output):
    """Every dataset and its columns."""

    datasets: list[DatasetRead]
