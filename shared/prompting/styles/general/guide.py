"""Explain the five elements and the subject to a model that has never seen them."""

from typing import Final

from shared.domain.taste import ELEMENTS, Element

SUBJECT: Final = "subject"
"""The key of what an image shows; not one of the paper's five elements."""

MEANING: Final[dict[Element, str]] = {
    Element.ART_STYLE: (
        "the manner in which the picture is made, such as realism, impressionism, cubism, pop art,"
        " anime or line art"
    ),
    Element.COLOR: (
        "the color or palette that dominates, such as blue, warm orange, pastel pink or black and"
        " white"
    ),
    Element.MEDIUM: (
        "what the picture is made with, such as photograph, oil painting, watercolor, pencil"
        " drawing, vector graphic, pixel art or 3D render"
    ),
    Element.SATURATION: (
        "how strong the colors are, such as gray, muted, soft, balanced, bold or vivid"
    ),
    Element.DETAIL: "how much there is to see, such as plain, moderate, rich or intricate",
}
SUBJECT_MEANING: Final = "what the picture shows, such as bird, portrait, city street or mountain"


def element_guide(*, with_subject: bool) -> str:
    """One line for each element: its key in the answer and what it means."""
    lines = [f"- {element.value}: {MEANING[element]}" for element in ELEMENTS]
    return "\n".join([*lines, *([f"- {SUBJECT}: {SUBJECT_MEANING}"] if with_subject else [])])
