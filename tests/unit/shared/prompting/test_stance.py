"""A rationale in natural English is read for what it claims about the picture."""

import pytest

from shared.prompting.stance import Stance, contradicts, stance

SENTENCES = {
    "The deep reds are exactly what this person likes.": "for",
    "This person dislikes pastel tones, and the picture is full of them.": "against",
    "The muted palette is unlikely to be liked.": "against",
    "It avoids the neon colors that the person dislikes.": "for",
    "It lacks the watercolor textures they love.": "against",
    "The photograph does not match the preference for paintings.": "against",
    "The brushwork is in line with their taste for impressionism.": "for",
    "The blue is liked, but the detail is too busy.": "mixed",
    "The picture is a photograph of a harbor.": "none",
    "Neither liked nor disliked.": "none",
    "Vivid colors clash with the preference for soft tones.": "against",
    "There is nothing here that the person dislikes.": "for",
    "Far from the plain style that is preferred.": "against",
    "Not disliked: the soft colors are close to the favorite pastel.": "for",
    "The style is pop art, which the person does not enjoy.": "against",
    "Closer to the liked watercolor than to the disliked oil.": "for",
    "It is a 3D render rather than the oil painting they prefer.": "against",
    "A watercolor, as in most liked images.": "for",
    "An oil painting, like most disliked images.": "against",
    "Rich detail appeals to this viewer.": "for",
    "The person would hardly enjoy such a gray image.": "against",
    "It cannot be told from this image.": "none",
    "This is the kind of intricate detail the user loves.": "for",
    "This is the kind of clutter the user hates.": "against",
    "Unlike the disliked images, this one is muted.": "for",
    "Unlike the liked images, this one is muted.": "against",
    "Bold saturation goes against the stated preference.": "against",
    "Soft saturation suits the taste.": "for",
    "The medium is wrong for this taste.": "against",
    "It shares the warm palette of the liked images.": "for",
    "It shares the cold palette of the disliked images.": "against",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_the_stance_of_a_sentence(text: str) -> None:
    assert stance(text) is Stance(SENTENCES[text])


@pytest.mark.parametrize("digit", range(6))
def test_only_a_plain_contradiction_of_an_extreme_score_is_one(digit: int) -> None:
    assert contradicts("The deep reds are what this person likes.", digit) == (digit <= 1)
    assert contradicts("The person dislikes this style.", digit) == (digit >= 4)
    assert not contradicts("The blue is liked, but the detail is too busy.", digit)
    assert not contradicts("It is a photograph of a harbor.", digit)
