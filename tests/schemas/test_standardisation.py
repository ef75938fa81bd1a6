"""What of a file must be readable before it counts as what its name says."""

import pytest

from schemas.standardisation import is_what_it_claims

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("rejected", "rows", "expected"), [(0, 0, True), (10, 100, True), (11, 100, False), (101, 1000, False)]
)
def test_a_file_of_which_more_than_a_tenth_is_rejected_is_another(
    rejected: int, rows: int, expected: bool
) -> None:
    assert is_what_it_claims(rejected, rows) is expected
