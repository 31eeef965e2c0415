"""A field stands in one table: what roles say of it is what the table says."""

from __future__ import annotations

import pytest
from support.field_files import PARTS, TABLES, path_of, with_fields


@pytest.mark.parametrize("role", TABLES)
@pytest.mark.parametrize("file", PARTS)
def test_the_files_of_a_role_say_what_the_table_says(
    role: str, file: str, request: pytest.FixtureRequest
) -> None:
    path = path_of(role, file)
    expected = with_fields(role, file, path.read_text())
    if request.config.getoption("write"):
        path.write_text(expected)
    assert path.read_text() == expected, (
        f"roles/{role}/{file} is not what the table says: make fields"
    )
