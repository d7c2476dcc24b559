"""Stars and words are written next to everything else, and a person's own rating stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.files.rating.sidecar import (
    HIERARCHY,
    OUR_RATING,
    OUR_WORDS,
    RATING,
    SUBJECT,
    Rated,
    marks_of,
    written,
)
from services.cli.files.rating.xmp_document import BadXmp, Name, XmpDocument
from tests.unit.services.cli.rating.sidecars import DARKTABLE, PROGRAMS, RDF, sidecar

FOUR = Rated(4, 17.256, (("subject", "bird"), ("color", "azure")))
OTHERS = {
    "darktable": Name("http://darktable.sf.net/", "history_end"),
    "lightroom": Name("http://ns.adobe.com/camera-raw-settings/1.0/", "Exposure2012"),
    "digikam": Name("http://www.digikam.org/ns/1.0/", "ColorLabel"),
}


def test_a_new_sidecar_has_stars_words_and_our_marks() -> None:
    document = XmpDocument(written(None, FOUR))
    assert document.value(RATING) == document.value(OUR_RATING) == "4"
    assert document.values(SUBJECT) == document.values(OUR_WORDS) == ("bird", "azure")
    assert document.values(HIERARCHY) == ("Preferstream|subject|bird", "Preferstream|color|azure")
    assert marks_of(document).stars is None


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unrated_sidecar_gets_stars_and_keeps_all_other_bytes(program: str) -> None:
    before = sidecar(program, 0)
    after = written(before, FOUR)
    document = XmpDocument(after)
    assert document.value(RATING) == "4"
    assert document.value(OTHERS[program]) == XmpDocument(before).value(OTHERS[program])
    # Only the rating is replaced; the rest of the file before our own part is the same bytes.
    begin = before.index(b"0", before.index(b"Rating"))
    assert after[:begin] == before[:begin]
    rest = before[begin + 1 :]
    kept = rest[: rest.index(b"</dc:subject>") - 20] if b"</dc:subject>" in rest else rest[:20]
    assert kept in after
    assert after.endswith(before[before.index(b"</rdf:RDF>") :])


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("rating", [-1, 1, 5, "3.0"])
def test_a_rating_of_the_persons_own_is_never_changed(program: str, rating: int | str) -> None:
    document = XmpDocument(written(sidecar(program, rating), FOUR))
    assert document.value(RATING) == str(rating)
    assert document.value(OUR_RATING) is None
    assert document.values(OUR_WORDS) == ("bird", "azure")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_second_run_replaces_our_stars_and_words_alone(program: str) -> None:
    once = written(sidecar(program, 0), FOUR)
    assert written(once, FOUR) == once
    document = XmpDocument(written(once, Rated(2, 6.0, (("color", "red"),))))
    assert document.value(RATING) == document.value(OUR_RATING) == "2"
    own = ("holiday", "sea") if program == "darktable" else ()
    assert document.values(SUBJECT) == (*own, "red")
    assert document.values(HIERARCHY) == ("Preferstream|color|red",)


def test_a_rating_that_the_person_changed_after_us_is_the_persons() -> None:
    ours = written(None, FOUR)
    changed = ours.replace(b"<xmp:Rating>4", b"<xmp:Rating>5")
    assert marks_of(XmpDocument(changed)).stars == 5
    assert XmpDocument(written(changed, Rated(1, 2.0))).value(RATING) == "5"


def test_a_word_of_the_persons_own_stays_when_it_is_no_longer_ours() -> None:
    with_sea = Rated(4, 17.0, (("subject", "sea"),))
    once = written(sidecar("darktable", 0), with_sea)
    assert XmpDocument(once).values(SUBJECT) == ("holiday", "sea")
    assert XmpDocument(written(once, Rated(4, 17.0))).values(SUBJECT) == ("holiday", "sea")


def test_a_photograph_rated_elsewhere_gets_words_and_no_stars() -> None:
    document = XmpDocument(written(None, FOUR, is_rated=True))
    assert document.value(RATING) is None
    assert document.values(SUBJECT) == ("bird", "azure")


@pytest.mark.parametrize(
    ("properties", "stars"),
    [
        ('xmlns:m="http://ns.microsoft.com/photo/1.0/" m:Rating="75"', 4),
        ('xmlns:d="http://www.digikam.org/ns/1.0/" d:PickLabel="1"', -1),
        ('xmlns:d="http://www.digikam.org/ns/1.0/" d:PickLabel="3"', 5),
        ('xmlns:x="http://ns.adobe.com/xap/1.0/" x:Rating="9"', 5),
        ('xmlns:x="http://ns.adobe.com/xap/1.0/" x:Rating="-3"', -1),
        ('xmlns:x="http://ns.adobe.com/xap/1.0/" x:Rating="many"', None),
        ('xmlns:x="http://ns.adobe.com/xap/1.0/" x:Rating="inf"', None),
        ("", None),
    ],
)
def test_ratings_of_other_programs_are_read(properties: str, stars: int | None) -> None:
    content = f'<rdf:RDF {RDF}><rdf:Description rdf:about="" {properties}/></rdf:RDF>'
    assert marks_of(XmpDocument(content.encode())).stars == stars


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<x:xmpmeta", "not valid XML"),
        (b"<html/>", "no rdf:RDF"),
        (b"\xff\xd8\xff\xe0 not xml", "not valid XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
        (b'<?xml version="1.0" encoding="utf-16"?><x/>', "encoding utf-16"),
        (b'<?xml version="1.0" encoding="klingon"?><x/>', "encoding klingon"),
        (b"<x>" * 100_000, "not valid XML"),
    ],
)
def test_a_file_that_is_no_xmp_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadXmp, match=reason):
        XmpDocument(content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_other_encodings_are_read_and_become_utf_8(encoding: str) -> None:
    text = DARKTABLE.replace("@RATING@", "0").replace("holiday", "Gruß")
    declared = encoding.removesuffix("-sig").removesuffix("-le")
    text = text.replace('encoding="UTF-8"', f'encoding="{declared}"')
    content = text.encode(encoding)
    if encoding == "utf-16-le":
        content = b"\xff\xfe" + content
    after = written(content, FOUR)
    assert XmpDocument(after).values(SUBJECT) == ("Gruß", "sea", "bird", "azure")


def test_crlf_line_ends_of_another_program_stay() -> None:
    before = sidecar("darktable", 0).replace(b"\n", b"\r\n")
    after = written(before, FOUR)
    assert before.split(b"<!--")[1].split(b"<dc:subject>")[0] in after


@given(st.lists(st.tuples(st.sampled_from(["color", "subject"]), st.text(min_size=1)), max_size=4))
def test_any_words_give_valid_xmp(words: list[tuple[str, str]]) -> None:
    for program in PROGRAMS:
        after = written(sidecar(program, 0), Rated(3, 1.0, tuple(words)))
        assert XmpDocument(after).value(RATING) == "3"


def test_a_long_text_of_many_lines_is_read_in_seconds() -> None:
    mask = ("x" * 76 + "\n") * 40_000
    content = sidecar("darktable", 0).replace(
        b"</rdf:Description>", f"<a:m xmlns:a='urn:a'>{mask}</a:m></rdf:Description>".encode()
    )
    assert len(content) > 3_000_000
    started = time.process_time()
    assert written(content, FOUR)
    # 15 s and more where each line makes a copy of the text before it.
    assert time.process_time() - started < 5
