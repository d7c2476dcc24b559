"""Define the page of a feed that a request gets, and what the pages before it have shown."""

from dataclasses import dataclass

from shared.store.sessions.cursor_keys import Cursors
from shared.store.sessions.pages import FeedSessionStore, PageConditions, ServedPage

ALREADY_SERVED = "already_served"
"""The reason with which a listed image is rejected that an earlier page has shown."""


@dataclass(frozen=True)
class FeedPage:
    """One page of a feed from the catalog."""

    page: ServedPage
    """The page as it is stored; without images until the request is ranked."""
    served_before: frozenset[str]
    """Images of all pages before this one."""
    is_repeated: bool = False
    """Whether an earlier delivery of the same request has already stored this page."""

    @property
    def conditions(self) -> PageConditions:
        """The conditions of the first page, which hold for all pages."""
        return self.page.conditions


@dataclass(frozen=True)
class PageStores:
    """Where the pages of feeds are stored, and who signs their cursors."""

    sessions: FeedSessionStore
    cursors: Cursors
