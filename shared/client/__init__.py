"""The Python client for apps: send candidates and feedback, wait for feeds; blocking and async.

    with Client("127.0.0.1:9092") as app:
        app.act("ada", "reference_like", "boat.png", uri="https://images.example/boat.png")
        feed = app.rank("ada", {"a.png": "https://images.example/a.png"})
        app.act("ada", "click", feed.items[0].image_id, request_id=feed.request_id)
        app.correct("ada", "pin", element="color", word="blue")
        app.add_images({"sea.png": "https://images.example/sea.png"})
        feed = app.feed_from_catalog("ada", top_k=20)

`AsyncClient` has the same methods as coroutines.
"""

from shared.client.asynchronous import AsyncClient
from shared.client.blocking import Client
from shared.client.catalog import catalog_image, feed_request
from shared.client.corrections import correction
from shared.client.requests import NoAnswer, action, erasure, request

__all__ = [
    "AsyncClient",
    "Client",
    "NoAnswer",
    "action",
    "catalog_image",
    "correction",
    "erasure",
    "feed_request",
    "request",
]
