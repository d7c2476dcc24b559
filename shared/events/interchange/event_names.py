"""Map the names that other systems give to actions to the types of our feedback."""

import re
from collections.abc import Mapping
from typing import Final, get_args

from shared.events.types.feedback import Action

SKIP: Final = "skip"
"""In place of a type: events of this name are left out on purpose."""
ACTIONS: Final = frozenset(get_args(Action))

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "view": ("view", "impression", "impress", "exposure", "show", "shown"),
    "click": (
        "click", "click_through", "clickthrough", "item_click", "product_click", "detail",
        "detail_view", "open", "select", "watch", "watched", "play", "stream", "download",
    ),
    "like": (
        "like", "love", "upvote", "thumbs_up", "favorite", "favourite", "star", "save", "bookmark",
        "wishlist", "add_to_wishlist", "add_to_cart", "cart", "checkout", "purchase", "purchased",
        "buy", "order", "share", "follow", "subscribe",
    ),
    "dislike": ("dislike", "downvote", "thumbs_down", "unlike"),
    "hide": ("hide", "hidden", "dismiss", "not_interested", "block", "report"),
    "dwell": ("dwell",),
    "reference_like": ("reference_like",),
    "reference_dislike": ("reference_dislike",),
}  # fmt: skip
"""Usual names in shops, search and media, by the type that fits them best."""
_COMMON: Final = {name: target for target, names in _NAMES.items() for name in names}
FORMAT_DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "ubi": {},
    "metarank": {},
    # Gorse marks what a user has read without a statement about it.
    "gorse": {"read": "view", "seen": "view"},
    # The domain datasets call the visit of an item's page View; interactions are positive there.
    "personalize": {"view": "click"},
}
"""Names that a format uses in a sense of its own."""


class BadMapping(Exception):
    """A pair of `--map` cannot be used; the message lists what it may contain."""


def normalized(name: str) -> str:
    """The name in lower case with underscores: `Add To Cart`, `add-to-cart`, `addToCart`."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-./]+", "_", separated).lower()


def event_names(format: str, given: Mapping[str, str]) -> dict[str, str]:
    """Our type, or `skip`, for each normalized name; raises `BadMapping`."""
    for name, target in given.items():
        if target not in ACTIONS and target != SKIP:
            raise BadMapping(
                f"--map {name}={target}: {target} is no type of feedback; use one of"
                f" {', '.join(sorted(ACTIONS))}, or {SKIP}"
            )
    own = {normalized(name): target for name, target in given.items()}
    return {**_COMMON, **FORMAT_DEFAULTS.get(format, {}), **own}
