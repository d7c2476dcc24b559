"""A rationale in natural English is read for what it claims about the picture."""

import json
from pathlib import Path
from typing import Final

import pytest

from shared.prompting.stance import Stance, contradicts, stance

SENTENCES_FILE: Final = Path(__file__).with_name("stance_sentences.jsonl")
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


def test_most_natural_sentences_are_kept_with_an_agreeing_score() -> None:
    """220 sentences that were written and labelled without knowledge of the rules."""
    rows = [json.loads(line) for line in SENTENCES_FILE.read_text(encoding="utf-8").splitlines()]
    scores = {"for": (5, 0), "against": (0, 5), "none": (2, 2), "mixed": (3, 3)}
    kept = [not contradicts(row["text"], scores[row["stance"]][0]) for row in rows]
    claims = [row for row in rows if row["stance"] in ("for", "against")]
    caught = [contradicts(row["text"], scores[row["stance"]][1]) for row in claims]
    # Measured: 205 of 220 kept; 71 of 170 contradictions caught.
    assert sum(kept) / len(kept) > 0.92
    assert sum(caught) / len(caught) > 0.4
