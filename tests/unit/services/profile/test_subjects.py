"""A profile names what its references show, and states the corrections of its user."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from PIL.Image import Image

from services.profile.corrections import with_event
from shared.client.corrections import contains_correction
from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.words import Subjects
from shared.domain.taste import Element
from shared.embedding.images.encoded_images import EncodedImages
from shared.vlm.protocol import Description
from tests.fakes.image_encoder import NamingEncoder, SubjectEncoder
from tests.fakes.model import ColorModel, color_of
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.profile.service_on_fakes import ProfileSetup, correction, feedback

SHOWN: Final = dict.fromkeys(("orange", "pink", "yellow", "red"), "bird") | dict.fromkeys(
    ("green", "navy", "black", "blue"), "flower"
)


def setup_with(encoder: SubjectEncoder) -> ProfileSetup:
    return ProfileSetup(encoded_images=EncodedImages(encoder, InMemoryImageVectors()))


async def like_birds(setup: ProfileSetup) -> None:
    await setup.process(
        *(feedback(color, at=n) for n, color in enumerate(("orange", "pink", "yellow"))),
        *(feedback(color, "dislike", at=n) for n, color in enumerate(("green", "navy"))),
    )


def liked(subjects: Subjects | None) -> list[tuple[str, int]]:
    assert subjects is not None
    return [(word.word, word.count) for word in subjects.preference.words]


async def test_the_stored_and_the_published_profile_name_the_subjects() -> None:
    setup = setup_with(NamingEncoder(SHOWN))
    await like_birds(setup)
    subjects = (await setup.stored()).subjects
    assert liked(subjects) == [("bird", 3)]
    assert subjects is not None
    assert subjects.preference.words[0].image_ids == ("id-yellow", "id-pink", "id-orange")
    assert (subjects.preference.references, subjects.non_preference.references) == (3, 2)
    assert setup.updates()[-1].subjects == subjects


async def test_an_encoder_without_words_gives_typical_references() -> None:
    setup = setup_with(SubjectEncoder(SHOWN))
    await like_birds(setup)
    subjects = (await setup.stored()).subjects
    assert liked(subjects) == []
    assert subjects is not None
    assert set(subjects.preference.examples) == {"id-orange", "id-pink", "id-yellow"}


class SubjectModel(ColorModel):
    """Names a subject of each image, as the general prompt style asks for."""

    def __init__(self, shown: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.shown = shown

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        described = await super().describe(images)
        return [
            replace(d, subject=self.shown.get(color_of(image), ()))
            for d, image in zip(described, images, strict=True)
        ]


async def test_descriptions_name_subjects_where_the_encoder_is_not_sure() -> None:
    model = SubjectModel({"orange": ("Dogs",), "pink": ("dog",), "yellow": ("kite",)})
    setup = ProfileSetup(
        model, encoded_images=EncodedImages(SubjectEncoder(SHOWN), InMemoryImageVectors())
    )
    await like_birds(setup)
    # The rules are those of the encoder's words: two references and two fifths of their side.
    assert liked((await setup.stored()).subjects) == [("dog", 2)]
    assert liked(setup.updates()[-1].subjects) == [("dog", 2)]


async def test_a_sure_word_of_the_encoder_comes_before_the_description() -> None:
    model = SubjectModel(dict.fromkeys(("orange", "pink", "yellow"), ("toy",)))
    setup = ProfileSetup(
        model, encoded_images=EncodedImages(NamingEncoder(SHOWN), InMemoryImageVectors())
    )
    await like_birds(setup)
    assert liked((await setup.stored()).subjects) == [("bird", 3)]


async def test_without_an_encoder_a_profile_has_no_subjects() -> None:
    setup = ProfileSetup()
    await like_birds(setup)
    assert (await setup.stored()).subjects is None
    assert "subjects" not in setup.updates()[-1].model_dump_json()


async def test_a_pinned_and_a_vetoed_subject_are_in_the_next_profile() -> None:
    setup = setup_with(NamingEncoder(SHOWN))
    await like_birds(setup)
    await setup.corrections.apply(correction("pin", element=SUBJECT, word="boat"))
    assert liked((await setup.stored()).subjects) == [("boat", 0), ("bird", 3)]
    veto = correction("veto", element=SUBJECT, word="Birds")
    await setup.corrections.apply(veto)
    update = setup.updates()[-1]
    assert liked(update.subjects) == [("boat", 0)]
    assert contains_correction(update, veto)
    # They hold through the next prediction, and a reset returns to what the references show.
    await setup.process(feedback("red", at=9))
    assert liked((await setup.stored()).subjects) == [("boat", 0)]
    await setup.corrections.apply(correction("reset", element=SUBJECT))
    assert liked((await setup.stored()).subjects) == [("bird", 4)]


async def test_a_subject_can_be_pinned_before_there_is_any_reference() -> None:
    setup = ProfileSetup()
    await setup.corrections.apply(correction("pin", element=SUBJECT, word="bird"))
    assert liked(setup.updates()[-1].subjects) == [("bird", 0)]


def test_corrections_of_the_subject_and_of_the_look_do_not_touch_each_other() -> None:
    corrections = with_event((), correction("pin", element=SUBJECT, word="orange"))
    corrections = with_event(corrections, correction("veto", word="orange"))
    assert [(c.side, c.element) for c in corrections] == [
        ("preference", Element.COLOR),
        ("preference", SUBJECT),
        ("non_preference", Element.COLOR),
    ]
    assert with_event(corrections, correction("reset")) == ()
