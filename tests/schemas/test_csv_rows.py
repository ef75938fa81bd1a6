"""Every line of a CSV is the header, blank, a row, or part of one, whatever it holds and however it ends."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.csv_head import BLANKS, has_sound_quotes, head_of
from schemas.csv_rows import LONGEST_LINE_BYTES, NOT_UTF_8, CsvAccount, CsvRows
from schemas.file_bytes import DamagedError
from schemas.vintages import UNNAMED

pytestmark = pytest.mark.unit

HEADER = b"a,b,c"
FIELDS = 3
LINES = st.lists(
    st.one_of(
        st.just(b"1,2,3"),
        st.sampled_from(
            [b"", b" ", b'1,"2,3', b'1,2",3', b'"1",2,3', b'1,"x""y",3', b"1,\xff,3", b'"', b"1,2"]
        ),
        st.lists(st.sampled_from([b",", b'"', b"x", b" ", b"\xc3\xa9"]), max_size=8).map(b"".join),
    ),
    max_size=30,
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def read(content: bytes, block: int = 1 << 20) -> tuple[bytes, CsvAccount]:
    """The file for any parser, and the account; read in blocks of that size."""
    rows = CsvRows(FIELDS)
    blocks = [content[at : at + block] for at in range(0, len(content), block)]
    return b"".join(rows.plain(blocks)), rows.account


@given(LINES, st.lists(ENDS, min_size=31, max_size=31), st.booleans(), st.integers(1, 40))
def test_lines_are_accounted_for_and_a_parser_finds_as_many_rows(
    lines: list[bytes], ends: list[bytes], is_closed: bool, block: int
) -> None:
    content = b"".join(line + end for line, end in zip([HEADER, *lines], ends, strict=False))
    content = content if is_closed else content.rstrip(b"\r\n")
    plain, account = read(content, block)
    assert account.lines == 1 + account.blank + account.rows + account.continued == len(content.splitlines())
    parsed = list(csv.reader(io.StringIO(plain.decode("utf-8"), newline="")))
    assert len(parsed) == 1 + account.rows == len(plain.splitlines())
    assert not any(line.strip(BLANKS) == b"" for line in plain.splitlines())


@given(LINES, st.integers(1, 40))
def test_the_account_does_not_depend_on_how_the_file_is_cut_into_blocks(
    lines: list[bytes], block: int
) -> None:
    content = b"\r\n".join([HEADER, *lines])
    assert read(content, block) == read(content)


@given(st.lists(st.sampled_from(["opened", "closed", "good"]), min_size=1, max_size=60))
def test_as_many_rows_are_torn_as_have_a_stray_quote(kinds: list[str]) -> None:
    written = {"opened": b'1,"2,3', "closed": b'1,2",3', "good": b"1,2,3"}
    _, account = read(b"\n".join([HEADER, *(written[kind] for kind in kinds)]))
    assert (account.rows, account.torn) == (len(kinds), len(kinds) - kinds.count("good"))


@pytest.mark.parametrize(
    "content", [b"a,b,c\n1,2,3\n", b"a,b,c\r\n1,2,3\r\n", b'a,b,c\n"1","2,2",3', b"a,b,c"]
)
def test_a_plain_file_is_left_as_it_is(content: bytes) -> None:
    plain, account = read(content)
    assert account.is_plain
    assert plain.replace(b"\r\n", b"\n").rstrip(b"\n") == content.replace(b"\r\n", b"\n").rstrip(b"\n")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b,c\r1,2,3\r",
        b"a,b,c\n1,2,3\r\n",
        b"a,b,c\n\n1,2,3\n",
        b"\xef\xbb\xbfa,b,c\n1,2,3\n",
        b'a,b,c\n1,"2,3\n',
    ],
)
def test_what_parsers_read_in_different_ways_is_not_plain(content: bytes) -> None:
    plain, account = read(content)
    assert (account.is_plain, account.rows) == (False, 1)
    assert plain.startswith(b"a,b,c\n")


def test_a_value_goes_on_only_where_no_line_is_a_row_by_itself() -> None:
    plain, account = read(b'a,b,c\n1,2,"x\ny\n"\n1,2,"x\n1,2,3\n"\n')
    assert (account.rows, account.continued, account.torn) == (4, 2, 2)
    assert plain.splitlines()[1] == '1,2,"x\N{REPLACEMENT CHARACTER}y\N{REPLACEMENT CHARACTER}"'.encode()


@pytest.mark.parametrize(
    "value",
    [b'"x\ny",2,3', b'1,"2","x\ny"', b'1,2,"x,\ny"', b'"1","x\ny","3"', '1,"é\né",3'.encode()],
    ids=["first", "after another", "with a comma", "between others", "not of ASCII"],
)
def test_a_value_of_two_lines_may_be_any_of_a_row(value: bytes) -> None:
    _, account = read(b"a,b,c\n" + value + b"\n1,2,3\n")
    assert (account.rows, account.continued, account.torn) == (2, 1, 0)


def test_a_value_of_two_lines_may_hold_as_many_commas_as_leave_it_one_row() -> None:
    rows = CsvRows(fields=5)
    assert len(list(rows.plain([b'a,b,c,d,e\n1,2,3,4,"x,y,\nz"\n']))) == 2
    assert (rows.account.rows, rows.account.torn) == (1, 0)


def test_a_line_of_another_encoding_ends_the_value_before_it() -> None:
    plain, account = read(b'a,b,c\n1,2,"x\n\xff\n"\n')
    assert (account.rows, account.torn) == (3, 3)
    assert plain.decode().count(NOT_UTF_8) == 1


def test_a_quote_in_a_line_of_another_encoding_is_not_its_fault() -> None:
    plain, account = read(b'a,b,c\n1,"\xff,3\n1,2,3\n')
    assert (account.rows, account.torn, NOT_UTF_8 in plain.decode()) == (2, 1, True)


def test_letters_that_are_not_of_ascii_are_no_fault() -> None:
    content = "a,b,c\n1,Montréal,3\n".encode()
    plain, account = read(content)
    assert (plain, account.is_plain, account.torn) == (content, True, 0)


def test_blank_lines_before_the_header_are_accounted_for() -> None:
    plain, account = read(b"\n \na,b,c\n1,2,3\n")
    assert (account.lines, account.blank, account.rows, account.is_plain) == (4, 2, 1, False)
    assert plain == b"a,b,c\n1,2,3\n"


@pytest.mark.parametrize("block", [1 << 20, 999_983, 10 * LONGEST_LINE_BYTES])
def test_a_line_without_an_end_takes_no_memory(block: int) -> None:
    plain, account = read(HEADER + b"\n1,2," + b"x" * (3 * LONGEST_LINE_BYTES) + b"\r\n1,2,3\n", block)
    assert (account.rows, account.torn, account.lines) == (2, 1, 3)
    assert len(plain) < LONGEST_LINE_BYTES


@pytest.mark.parametrize("ends", [b"\n\r", b"\r\n", b"\n\n", b"\r\r"])
@pytest.mark.parametrize("more", [b"", b"x"])
def test_an_overlong_line_ends_at_the_first_end_of_any_kind(ends: bytes, more: bytes) -> None:
    """In the block after it, as its first byte or later; and what follows is read."""
    first, second = ends[:1], ends[1:]
    rows = CsvRows(FIELDS)
    overlong = HEADER + b"\n1,2," + b"x" * (LONGEST_LINE_BYTES + 1)
    list(rows.plain([overlong, more + first + b"1,2,3" + second + b"4,5,6"]))
    assert (rows.account.rows, rows.account.torn, rows.account.lines) == (3, 1, 4)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"a,b", True),
        (b'"a"', True),
        (b'"a",b,"c"', True),
        (b'a,"b",c', True),
        (b'"a""b",c', True),
        (b'"",""', True),
        (b'"a","b","c","d"', True),
        (b'"', False),
        (b'"a', False),
        (b'a"', False),
        (b'x"a"', False),
        (b'"a"x', False),
        (b'"a"x,"b"', False),
        (b'"a",x"b"', False),
        (b'"a"x"b"', False),
        (b'"a","b"x,"c"', False),
        (b'"a""', False),
    ],
)
def test_quotes_enclose_whole_fields_and_are_doubled_inside(line: bytes, expected: bool) -> None:
    assert has_sound_quotes(line) is expected


def test_columns_of_one_name_or_of_none_can_be_told_apart() -> None:
    head = head_of(b"a,A,,b\n1,2,3,4,5\n1,2,3,4,5\n1,2\n")
    assert head.names == ("a", "A", "", "b")
    assert head.columns == ("a", "A (1)", f"{UNNAMED}2", "b", f"{UNNAMED}4")
    assert not head_of(b"a,b\n").has_rows


def test_a_header_with_a_stray_quote_is_damage() -> None:
    with pytest.raises(DamagedError, match="in its header"):
        read(b'a,"b,c\n1,2,3\n')


def test_the_head_is_read_line_by_line() -> None:
    head = head_of(b'a,b\r\n\r\n1,"2,3,4\r\n1,2,3\r\n1,2,3\r\n')
    assert (head.names, len(head.columns), head.has_rows) == (("a", "b"), 3, True)


def test_the_line_after_an_overlong_one_is_a_row_though_a_block_ends_between_them() -> None:
    first = HEADER + b"\r1,2," + b"x" * LONGEST_LINE_BYTES + b"\r"
    _, account = read(first + b"1,2,3\r4,5,6\r", block=len(first))
    assert (account.rows, account.torn) == (3, 1)
