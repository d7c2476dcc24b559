"""`rate --user` reads the words of a stored profile from the gateway."""

import httpx
import pytest

from services.cli.catalog.gateway import Gateway
from shared.domain.errors import Unprocessable

PROFILE = {
    "user_id": "a/..",
    "preference": {"color": [{"word": "pastel", "weight": 0.8}]},
    "non_preference": {"color": [{"word": "neon", "weight": 1.0}]},
}


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.raw_path == b"/v1/profiles/a%2F%2E%2E?tenant=gallery":
        return httpx.Response(200, json=PROFILE)
    return httpx.Response(404, json={"detail": "This user has no profile yet."})


def test_a_stored_taste_is_read_in_words() -> None:
    transport = httpx.MockTransport(answer)
    with httpx.Client(base_url="http://gateway.example", transport=transport) as client:
        taste = Gateway(client).taste("a/..", tenant="gallery")
        with pytest.raises(Unprocessable, match="no profile yet"):
            Gateway(client).taste("bob", tenant=None)
    assert [word.word for word in taste.preference.color] == ["pastel"]
    assert [word.word for word in taste.non_preference.color] == ["neon"]
