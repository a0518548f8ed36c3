"""What clients are told of a file of recipients that they brought: a part of the contract."""

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.api import RejectedLine


class CountryProblem(msgspec.Struct, frozen=True):
    """Numbers of which the country is not certain: how many, and what to do."""

    count: int
    message: str


class PreviewRow(msgspec.Struct, frozen=True):
    """A row as it was read; `line` is its line in the file, or its row in the sheet."""

    line: int
    cells: list[str]


class Upload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to an upload: what is in the file, and what would become of its rows.

    `rows` leaves out the header and blank lines; it is valid + duplicates + rejected_total.
    """

    id: UUID
    filename: str | None
    format: str  # csv, xlsx
    encoding: str | None  # of a CSV
    delimiter: str | None  # of a CSV
    sheet: str | None  # of a workbook: the one that was read
    sheets: list[str]  # of a workbook: all of them
    has_header: bool  # guessed, or as it was asked for
    columns: list[str]
    number_column: str | None  # guessed, or as it was asked for; null: no column looks like it
    region: str | None  # as it was asked for
    country_problem: CountryProblem | None
    rows: int
    valid: int
    duplicates: int
    rejected: list[RejectedLine]  # the first 20
    rejected_total: int
    suppressed: int  # of the valid: opted out of marketing, or of everything
    preview: list[PreviewRow]
    warnings: list[str]
    bytes: int
    created_at: datetime
    expires_at: datetime


class UploadDeleted(msgspec.Struct, frozen=True):
    """The answer to the deletion of an upload."""

    id: UUID
    deleted: bool = True
