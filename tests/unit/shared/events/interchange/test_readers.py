"""Each format becomes our events; a broken line costs itself alone, and is named by its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.client.catalog import catalog_image
from shared.events import CatalogImage, Feedback
from shared.events.interchange.addresses import AddressBook
from shared.events.interchange.event_names import BadMapping, event_names, normalized
from shared.events.interchange.events import views_of
from shared.events.interchange.formats import FORMATS, read_files
from shared.events.interchange.values import Problem
from tests.unit.shared.events.interchange import samples
from tests.unit.shared.events.interchange.samples import (
    actions,
    problems,
    read,
    results,
    shown,
    skipped,
)


def test_ubi_events_become_feedback_and_queries_become_lists(tmp_path: Path) -> None:
    reads = read(tmp_path / "u.ndjson", "ubi", samples.UBI)
    assert actions(reads) == [("ada", "click", "p2", "q1"), ("bob", "like", "17", None)]
    (ranked,) = shown(reads)
    assert (ranked.user_id, ranked.request_id) == ("ada", "q1")
    assert ranked.image_ids == ("p1", "p2", "p3")
    click = results(reads, Feedback)[0]
    assert click.occurred_at == datetime(2021, 5, 1, 10, 0, 5, tzinfo=UTC)
    assert click.position == 2
    assert problems(reads) == [(3, "not_json"), (5, "unmapped_event")]
    assert skipped(reads) == ["events about no object"]


def test_ubi_documents_of_opensearch_are_read_in_their_envelopes(tmp_path: Path) -> None:
    line = samples.UBI.splitlines()[1]
    bulk = f'{{"index": {{"_index": "ubi_events"}}}}\n{line}\n'
    dump = f'{{"_index": "ubi_events", "_id": "1", "_source": {line}}}'
    assert actions(read(tmp_path / "a", "ubi", bulk)) == [("ada", "click", "p2", "q1")]
    assert actions(read(tmp_path / "b", "ubi", dump)) == [("ada", "click", "p2", "q1")]


def test_a_ubi_user_is_the_client_unless_the_signed_in_user_is_chosen(tmp_path: Path) -> None:
    line = (
        '{"action_name":"click","client_id":"browser","user_id":"ada","query_id":"q",'
        '"timestamp":"2021-05-01T10:00:00Z","event_attributes":{"object":{"object_id":"p"}}}'
    )
    assert actions(read(tmp_path / "u", "ubi", line))[0][0] == "browser"
    assert actions(read(tmp_path / "u", "ubi", line, user_field="user_id"))[0][0] == "ada"


def test_metarank_items_rankings_and_interactions_become_events(tmp_path: Path) -> None:
    reads = read(tmp_path / "m.jsonl", "metarank", samples.METARANK)
    (image,) = samples.images(reads)
    assert (image.image_id, image.uri) == ("p1", "https://example.org/p1.png")
    assert image.tags == ("boat", "sea")
    assert image.metadata == {"price": 3.5}
    assert image.occurred_at == datetime(2020, 9, 6, 11, 24, 27, tzinfo=UTC)
    (ranked,) = shown(reads)
    assert (ranked.user_id, ranked.request_id, ranked.image_ids) == ("ada", "r1", ("p2", "p1"))
    assert actions(reads) == [("ada", "click", "p1", "r1")]
    assert problems(reads) == [(5, "no_address"), (6, "bad_time")]
    assert skipped(reads) == ["attributes of users"]


def test_gorse_csv_and_json_lines_become_events(tmp_path: Path) -> None:
    reads = read(tmp_path / "f.csv", "gorse", samples.GORSE_CSV)
    assert actions(reads) == [
        ("ada", "view", "p1", None),
        ("bob, the second", "like", "p2", None),
        ("eve", "like", "p4", None),
    ]
    at = results(reads, Feedback)[1].occurred_at
    assert at == datetime(2021, 3, 1, 10, 30, 0, 500_000, tzinfo=UTC)
    assert problems(reads) == [(4, "missing_time"), (5, "bad_csv")]
    (image,) = samples.images(read(tmp_path / "i.jsonl", "gorse", samples.GORSE_ITEMS))
    assert (image.uri, image.tags) == ("https://example.org/p1.png", ("art",))
    assert image.created_at == datetime(2021, 1, 1, tzinfo=UTC)
    assert image.metadata == {"comment": "a boat", "embedding": "0.1|0.2"}


def test_the_binary_dump_of_gorse_becomes_events(tmp_path: Path) -> None:
    reads = read(tmp_path / "dump.bin", "gorse", samples.gorse_dump())
    assert [image.tags for image in samples.images(reads)] == [("art", "sea")]
    assert actions(reads) == [("ada", "like", "p1", None)] * 2
    assert problems(reads) == [(5, "bad_message")]
    assert skipped(reads) == ["attributes of users", "hidden items"]
    cut = read(tmp_path / "cut.bin", "gorse", samples.gorse_dump()[:-30])
    assert problems(cut)[-1][1] == "unreadable_file"


def test_personalize_interactions_become_feedback_within_their_impressions(tmp_path: Path) -> None:
    reads = read(tmp_path / "i.csv", "personalize", samples.PERSONALIZE)
    first, second = shown(reads)
    assert first.image_ids == ("p1", "p2", "p3")
    assert first.request_id == second.request_id
    assert actions(reads) == [
        ("ada", "click", "p2", first.request_id),
        ("ada", "like", "p3", first.request_id),
        ("bob", "click", "p1", None),
    ]
    assert [f.position for f in results(reads, Feedback)] == [2, 3, None]
    assert problems(reads) == [(4, "bad_time"), (5, "bad_csv")]


def test_personalize_items_get_their_addresses_from_a_template(tmp_path: Path) -> None:
    template = "https://example.org/{id}.png"
    reads = read(
        tmp_path / "i.csv", "personalize", samples.PERSONALIZE_ITEMS, uri_template=template
    )
    first, second = samples.images(reads)
    assert first.uri == "https://example.org/p1.png"
    assert first.tags == ("sea", "boat")
    assert first.metadata == {"price": 3.5, "code": "007"}
    assert (second.image_id, second.uri) == ("p/2 ü", "https://example.org/p%2F2%20%C3%BC.png")
    assert problems(read(tmp_path / "j.csv", "personalize", samples.PERSONALIZE_ITEMS)) == [
        (2, "no_address"), (3, "no_address"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("1969-12-31T23:59:59Z", "bad_time"),
        ("2027-11-30T00:00:00Z", "bad_time"),
        ("yesterday", "bad_time"),
        ("", "missing_time"),
        (None, "missing_time"),
        (True, "bad_time"),
        ([], "bad_time"),
        (1e300, "bad_time"),
        ("1e999", "bad_time"),
    ],
)
def test_a_time_that_is_impossible_is_a_problem_of_its_line(
    tmp_path: Path, time: object, reason: str
) -> None:
    import json

    row = {"action_name": "click", "client_id": "a", "timestamp": time, "object_id": "p"}
    assert problems(read(tmp_path / "u", "ubi", json.dumps(row))) == [(1, reason)]


def test_old_times_stay_as_they_are_and_a_missing_one_can_be_given(tmp_path: Path) -> None:
    old = "read,ada,p1,1971-01-01 00:00:00 +0000 UTC\n"
    never = "read,ada,p2,0001-01-01 00:00:00 +0000 UTC\n"
    given = datetime(2020, 1, 1, tzinfo=UTC)
    header = "feedback_type,user_id,item_id,time_stamp\n"
    reads = read(tmp_path / "f", "gorse", header + old + never, missing_time=given)
    times = [f.occurred_at for f in results(reads, Feedback)]
    assert times == [datetime(1971, 1, 1, tzinfo=UTC), given]


def test_the_same_row_gives_the_same_event_and_another_row_another(tmp_path: Path) -> None:
    first = read(tmp_path / "a", "personalize", samples.PERSONALIZE)
    again = read(tmp_path / "b", "personalize", samples.PERSONALIZE)
    assert results(first, Feedback) == results(again, Feedback)
    assert len({f.event_id for f in results(first, Feedback)}) == 3
    other = read(tmp_path / "c", "personalize", samples.PERSONALIZE, tenant="shop")
    ids = {f.event_id for f in results(first, Feedback)}
    assert not ids & {f.event_id for f in results(other, Feedback)}


def test_an_impression_and_its_list_are_one_view(tmp_path: Path) -> None:
    impression = (
        '{"action_name":"impression","query_id":"q1","client_id":"ada","object_id":"p1",'
        '"timestamp":"2021-05-01T10:00:02Z"}'
    )
    reads = read(tmp_path / "u", "ubi", samples.UBI + "\n" + impression)
    (ranked,) = shown(reads)
    first = next(views_of(ranked, samples.options("ubi")))
    assert results(reads, Feedback)[-1].event_id == first.event_id


def test_names_of_events_are_mapped_and_can_be_skipped(tmp_path: Path) -> None:
    assert normalized("Add-To Cart") == normalized("addToCart") == "add_to_cart"
    reads = read(tmp_path / "u", "ubi", samples.UBI, names={"Conjure": "like"})
    assert ("ada", "like", "p1", None) in actions(reads)
    reads = read(tmp_path / "u", "ubi", samples.UBI, names={"conjure": "skip"})
    assert "events named conjure" in skipped(reads)
    with pytest.raises(BadMapping, match="--map conjure=magic"):
        event_names("ubi", {"conjure": "magic"})


def test_a_problem_says_what_to_do(tmp_path: Path) -> None:
    reads = read(tmp_path / "u", "ubi", samples.UBI)
    unmapped = results(reads, Problem)[1]
    assert "--map conjure=TYPE" in unmapped.detail
    assert "conjure" in unmapped.text


def test_ids_with_odd_characters_stay_and_control_characters_are_refused(tmp_path: Path) -> None:
    header = "USER_ID,ITEM_ID,TIMESTAMP\n"
    good = '"a,b|c/ü 🎨",p1,1596238243\n'
    bad = "a\x00b,p1,1596238243\n"
    long = f"{'x' * 300},p1,1596238243\n"
    reads = read(tmp_path / "i", "personalize", header + good + bad + long + good)
    assert [user for user, *_ in actions(reads)] == ["a,b|c/ü 🎨"] * 2
    assert [line for line, _ in problems(reads)] == [3, 4]


def test_a_partial_update_of_a_metarank_item_keeps_its_other_fields(tmp_path: Path) -> None:
    first = samples.METARANK.splitlines()[0]
    update = (
        '{"event":"item","id":"e9","timestamp":"1599391500000","item":"p1",'
        '"fields":[{"name":"price","value":2}]}'
    )
    importing = samples.options("metarank")
    (tmp_path / "m").write_text(f"{first}\n{update}\n", encoding="utf-8")
    for read_record in read_files(FORMATS["metarank"], [tmp_path / "m"], importing):
        (image,) = read_record.results
        assert isinstance(image, CatalogImage)
        importing.images.add(image)
    assert (image.uri, image.tags) == ("https://example.org/p1.png", ("boat", "sea"))
    assert image.metadata == {"price": 2}


@pytest.mark.parametrize("template", [None, "https://host/{id}.png"])
def test_a_metarank_item_gets_the_address_of_its_latest_event(
    tmp_path: Path, template: str | None
) -> None:
    item = '{{"event":"item","id":"e{n}","timestamp":"159939150000{n}","item":"p1",'
    item += '"fields":[{{"name":"image_url","value":"https://example.org/{n}.png"}}]}}'
    importing = samples.options("metarank", uri_template=template)
    (tmp_path / "m").write_text(f"{item.format(n=1)}\n{item.format(n=2)}\n", encoding="utf-8")
    for read_record in read_files(FORMATS["metarank"], [tmp_path / "m"], importing):
        (image,) = read_record.results
        assert isinstance(image, CatalogImage)
        importing.images.add(image)
    latest = "https://example.org/2.png"
    if template is None:
        assert (image.uri, image.metadata) == (latest, {})
    else:
        assert (image.uri, image.metadata) == ("https://host/p1.png", {"image_url": latest})


@pytest.mark.parametrize(
    ("labels", "tags"),
    [("2020", ("2020",)), ("true", ("true",)), ("a|7", ("a", "7")), ("[" * 99_999, ())],
)
def test_a_label_of_gorse_may_look_like_json(
    tmp_path: Path, labels: str, tags: tuple[str, ...]
) -> None:
    content = f"item_id,time_stamp,labels\np1,2020-01-01,{labels}\n"
    reads = read(tmp_path / "i", "gorse", content, uri_template="https://host/{id}")
    (image,) = samples.images(reads)
    assert image.tags == tags or not tags


def test_the_address_book_forgets_the_oldest_images() -> None:
    book = AddressBook(addresses=2, images=1)
    for name in "abc":
        book.add(catalog_image(name, f"https://example.org/{name}.png"))
    assert [book.address(name) for name in "abc"] == [
        None, "https://example.org/b.png", "https://example.org/c.png",
    ]  # fmt: skip
    assert book.image("b") is None
    assert book.image("c") is not None
