"""Files in any encoding, packed or damaged: good lines are read, others are named by their line."""

import gzip
import json
import string
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.interchange.files.csv_rows import csv_rows
from shared.events.interchange.files.json_rows import json_rows
from shared.events.interchange.files.lines import MAX_LINE_BYTES, Line, lines
from shared.events.interchange.formats import FORMATS
from shared.events.interchange.values import Problem, Row
from tests.unit.shared.events.interchange import samples
from tests.unit.shared.events.interchange.samples import actions, problems, read

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)


@pytest.mark.parametrize(
    "content",
    [
        samples.PERSONALIZE.encode(),
        samples.PERSONALIZE.replace("\r\n", "\n").encode(),
        samples.PERSONALIZE.replace("\r\n", "\r").encode(),
        samples.PERSONALIZE.encode("utf-16"),
        samples.PERSONALIZE.encode("utf-32"),
        samples.zipped(samples.PERSONALIZE),
    ],
    ids=["CRLF", "LF", "CR", "UTF-16", "UTF-32", "gzip"],
)
def test_line_ends_encodings_and_gzip_change_nothing(tmp_path: Path, content: bytes) -> None:
    reads = read(tmp_path / "i.csv", "personalize", content)
    assert len(actions(reads)) == 3
    assert problems(reads) == [(4, "bad_time"), (5, "bad_csv")]


def test_another_encoding_is_named_and_a_wrong_one_is_a_problem_of_its_line(tmp_path: Path) -> None:
    content = "USER_ID,ITEM_ID,TIMESTAMP\njürg,p1,1596238243\nada,p1,1596238243\n".encode("cp1252")
    assert problems(read(tmp_path / "i", "personalize", content)) == [(2, "bad_encoding")]
    reads = read(tmp_path / "i", "personalize", content, encoding="cp1252")
    assert [user for user, *_ in actions(reads)] == ["jürg", "ada"]


def test_a_truncated_gzip_loses_only_its_end(tmp_path: Path) -> None:
    rows = "".join(f"u{n},p{n},159623{n:04}\n" for n in range(5000))
    packed = gzip.compress(f"USER_ID,ITEM_ID,TIMESTAMP\n{rows}".encode())
    reads = read(tmp_path / "i", "personalize", packed[: len(packed) // 2])
    assert len(actions(reads)) > 1000
    assert problems(reads)[-1][1] == "unreadable_file"


def test_a_missing_file_is_a_problem_and_the_other_files_are_read(tmp_path: Path) -> None:
    from shared.events.interchange.formats import read_files

    (tmp_path / "there.csv").write_text(samples.PERSONALIZE, encoding="utf-8")
    files = [tmp_path / "missing.csv", tmp_path / "there.csv"]
    reads = list(read_files(FORMATS["personalize"], files, samples.options("personalize")))
    assert problems(reads)[0] == (0, "unreadable_file")
    assert len(actions(reads)) == 3


def test_a_line_without_an_end_is_left_out_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"a\n" + b"x" * (MAX_LINE_BYTES + 10) + b"\nb\n")
    first, problem, last = lines(path)
    assert first == Line(1, "a")
    assert isinstance(problem, Problem)
    assert problem.reason == "line_too_long"
    assert last == Line(3, "b")


def test_a_quote_that_stays_open_loses_its_line_only(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('a,b\n1,"two\nlines"\n2,5" screen\n3,"open\n4,x\n5,y\n', encoding="utf-8")
    rows = list(csv_rows(path))
    assert [row.fields for row in rows if isinstance(row, Row)] == [
        {"a": "1", "b": "two\nlines"}, {"a": "2", "b": '5" screen'},
        {"a": "4", "b": "x"}, {"a": "5", "b": "y"},
    ]  # fmt: skip
    assert [(row.line, row.reason) for row in rows if isinstance(row, Problem)] == [(5, "bad_csv")]


def test_a_json_array_is_read_element_by_element(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}, {"a":\n 2},\n {"a" 3},\n 7, {"a": 4}\n]\n', encoding="utf-8")
    rows = list(json_rows(path))
    assert [row.fields["a"] for row in rows if isinstance(row, Row)] == [1, 2, 4]
    assert [row.reason for row in rows if isinstance(row, Problem)] == ["not_json", "not_an_object"]


def test_an_indented_json_array_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    elements = [
        {"a": n, "b": {"c": {"d": "},"}}, "e": [{"f": 1}, {"f": 2}], "g": 1} for n in (1, 2)
    ]
    for indent in (None, 1, 4, "\t"):
        path.write_text(json.dumps(elements, indent=indent), encoding="utf-8")
        assert [row.fields for row in json_rows(path) if isinstance(row, Row)] == elements


def test_a_broken_element_of_an_indented_array_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    good = '  {\n    "a": {\n      "b": 1\n    },\n    "c": 2\n  }'
    no_end = '  {\n    "a": {\n      "b": 1\n    },'
    path.write_text(f"[\n{good},\n{no_end}\n{good}\n]\n", encoding="utf-8")
    rows = list(json_rows(path))
    assert [row.line for row in rows if isinstance(row, Row)] == [2, 12]
    assert [(row.line, row.reason) for row in rows if isinstance(row, Problem)] == [(8, "not_json")]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (json.dumps([{"a": "x" * 80}] * 40_000), 40_000),
        ('[\n{"a": [\n' + "1,\n" * 20_000 + "1]}\n]", 1),
    ],
    ids=["one line", "one element"],
)
def test_a_large_array_is_read_in_linear_time(tmp_path: Path, content: str, rows: int) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    started = time.process_time()
    assert sum(isinstance(row, Row) for row in json_rows(path)) == rows
    # 30 s and more where each element or line makes a copy of the rest.
    assert time.process_time() - started < 10


def test_joined_files_are_read_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n{"a": 1}\n]\n[{"a": 2}\n]\n', encoding="utf-8")
    assert [row.fields for row in json_rows(path) if isinstance(row, Row)] == [{"a": 1}, {"a": 2}]
    path.write_text('\ufeff{"a": 1}\n\ufeff{"a": 2}\n', encoding="utf-8")
    assert [row.fields for row in json_rows(path) if isinstance(row, Row)] == [{"a": 1}, {"a": 2}]


def test_a_csv_field_may_be_as_long_as_a_line(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f"a,b\n{'x' * 200_000},1\n2,3\n", encoding="utf-8")
    rows = list(csv_rows(path))
    assert [row.fields["b"] for row in rows if isinstance(row, Row)] == ["1", "3"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4), max_size=8), st.data())
def test_every_json_line_is_a_row_or_a_problem_with_its_number(
    objects: list[dict[str, str]], data: st.DataObject
) -> None:
    cut = data.draw(st.sets(st.integers(0, max(len(objects) - 1, 0))))
    texts = [
        json.dumps(o, ensure_ascii=False)[: -1 if n in cut else None] for n, o in enumerate(objects)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_text("\n".join(texts), encoding="utf-8", newline="")
        rows = list(json_rows(path))
    assert [(row.line, isinstance(row, Problem)) for row in rows] == [
        (n + 1, n in cut) for n in range(len(objects))
    ]
    assert [row.fields for row in rows if isinstance(row, Row)] == [
        o for n, o in enumerate(objects) if n not in cut
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_csv_that_the_library_writes_is_read_again(pairs: list[tuple[str, str]]) -> None:
    import csv

    pairs = [(f"x{a}", b) for a, b in pairs]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("a", "b"), *pairs])
        rows = list(csv_rows(path))
    assert [tuple(row.fields.values()) for row in rows if isinstance(row, Row)] == pairs


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_no_bytes_make_a_reader_fail(content: bytes, format: str) -> None:
    with TemporaryDirectory() as folder:
        read(Path(folder) / "x", format, content)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "event_attributes",
                        "object",
                        "object_id",
                        "position",
                        "ordinal",
                        "name",
                        "value",
                    ]
                ),
                inner,
            )
        ),
        max_leaves=6,
    ),
    st.sampled_from(["ubi", "metarank", "gorse"]),
    st.data(),
)
def test_no_value_in_a_known_field_makes_a_reader_fail(
    value: object, format: str, data: st.DataObject
) -> None:
    names = {
        "ubi": ["action_name", "client_id", "timestamp", "event_attributes", "query_id",
                "query_response_hit_ids", "query_attributes"],
        "metarank": ["timestamp", "item", "user", "type", "items", "fields", "ranking", "id"],
        "gorse": ["FeedbackType", "UserId", "ItemId", "Timestamp", "Labels", "Categories"],
    }[format]  # fmt: skip
    base = {
        "ubi": {"action_name": "click", "client_id": "a", "timestamp": "2021-01-01T00:00:00Z",
                "query_response_hit_ids": ["p"], "object_id": "p", "query_id": "q"},
        "metarank": {"event": data.draw(st.sampled_from(["item", "ranking", "interaction"])),
                     "timestamp": "1599391467000", "item": "p", "user": "a", "type": "click",
                     "id": "1", "items": [{"id": "p"}], "fields": []},
        "gorse": {"UserId": "a", "ItemId": "p", "Timestamp": "2021-01-01"},
    }[format]  # fmt: skip
    row = {**base, data.draw(st.sampled_from(names)): value}
    if format == "ubi" and data.draw(st.booleans()):
        del row["action_name"]
    with TemporaryDirectory() as folder:
        (one,) = read(Path(folder) / "x", format, json.dumps(row))
    assert one.results


def test_the_alphabet_of_a_name_does_not_matter(tmp_path: Path) -> None:
    for name in ("CLICK", "Click", *string.whitespace):
        row = {"action_name": name, "client_id": "a", "timestamp": 1, "object_id": "p"}
        reads = read(tmp_path / "u", "ubi", json.dumps(row))
        assert len(reads[0].results) == 1
