"""`catalog` and `feed` on the command line: wrong use, tables, and the gateway's answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.catalog.gateway import Gateway
from services.cli.program.app import app
from services.cli.verbs.app import catalog
from services.local.runtime_file import RuntimeFile
from shared.domain.errors import Unavailable, Unprocessable

IMAGE: dict[str, Any] = {
    "image_id": "birds/robin.jpg", "tenant": "default", "uri": "file:///p/robin.jpg",
    "author_id": "kim", "created_at": None, "tags": ["birds"], "metadata": {"price": 2},
    "available_from": None, "available_until": None, "published_at": "2026-01-31T09:30:00Z",
    "status": "indexed", "words": {"color": ["red", "brown"]}, "subject_words": ["bird"],
    "model_version": "nano-1", "indexed_at": "2026-01-31T09:31:00Z", "failure": None,
}  # fmt: skip
BROKEN = {
    **IMAGE, "image_id": "b", "status": "failed", "words": {}, "subject_words": [],
    "failure": {"reason": "not_found", "detail": "it is gone"},
}  # fmt: skip


def answering(*pages: tuple[int, Any], log: list[httpx.Request] | None = None) -> Gateway:
    """A gateway that answers with these pages in turn."""
    answers = iter(pages)

    def answer(request: httpx.Request) -> httpx.Response:
        if log is not None:
            log.append(request)
        status, body = next(answers)
        return httpx.Response(status, json=body)

    return Gateway(httpx.Client(base_url="http://g", transport=httpx.MockTransport(answer)))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command with a gateway that answers with the given pages."""

    def command(*arguments: str, pages: Any = (), answer: str | None = None) -> Any:
        @contextmanager
        def opened(system: RuntimeFile) -> Iterator[Gateway]:
            yield answering(*pages)

        monkeypatch.setattr(catalog, "open_gateway", opened)
        monkeypatch.setattr(catalog, "connect", lambda: RuntimeFile(kafka="k:1"))
        return CliRunner().invoke(app, list(arguments), input=answer)

    return command


def test_the_list_has_a_row_for_each_image_with_state_and_words(run: Any) -> None:
    page = {"images": [IMAGE, BROKEN], "next": None}
    result = run("catalog", "list", pages=[(200, page)])
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert lines[1] == ["birds/robin.jpg", "indexed", "kim", "birds", "red, brown, bird"]
    assert lines[2][1:] == ["failed", "kim", "birds", "not_found"]
    as_json = run("catalog", "list", "--json", pages=[(200, page)])
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == [IMAGE, BROKEN]


def test_the_list_follows_pages_up_to_its_limit(run: Any) -> None:
    pages = [(200, {"images": [IMAGE, IMAGE], "next": "x"}), (200, {"images": [], "next": None})]
    assert len(run("catalog", "list", pages=pages).stdout.splitlines()) == 3
    limited = run("catalog", "list", "--limit", "1", pages=pages)
    assert len(limited.stdout.splitlines()) == 2
    assert "--limit" in limited.stderr


def test_one_image_is_shown_with_its_failure(run: Any) -> None:
    result = run("catalog", "show", "b", pages=[(200, {"images": [BROKEN], "next": None})])
    assert "not_found: it is gone" in result.stdout
    assert "metadata price: 2" in result.stdout
    unknown = run("catalog", "show", "b", pages=[(200, {"images": [], "next": None})])
    assert (unknown.exit_code, "no image b" in unknown.stderr) == (1, True)


def test_the_audience_of_an_image_is_shown_on_request(run: Any) -> None:
    users = {"image_id": "b", "users": [{"user_id": "ada", "score": 17.25}]}
    pages = [(200, {"images": [IMAGE | {"image_id": "b"}], "next": None}), (200, users)]
    result = run("catalog", "show", "b", "--audience", pages=pages)
    assert "ada 17.2 of 25" in result.stdout


@pytest.mark.parametrize("image_id", ["..", "a/../b", "a b?c#d", "ä%2F"])
def test_the_audience_of_any_id_is_one_segment_of_the_path(image_id: str) -> None:
    log: list[httpx.Request] = []
    answering((200, {"users": []}), log=log).audience(image_id, tenant=None)
    path = log[0].url.raw_path.decode()
    assert path.count("/") == 4
    assert ".." not in path
    assert unquote(path) == f"/v1/images/{image_id}/audience"


def test_nothing_is_removed_without_a_confirmation(run: Any) -> None:
    result = run("catalog", "remove", "a", "b", answer="n\n")
    assert (result.exit_code, "nothing was removed" in result.stderr) == (1, True)
    by_a_program = run("catalog", "remove", "a")
    assert (by_a_program.exit_code, "confirms with --yes" in by_a_program.stderr) == (1, True)
    assert "Remove 1 image from the catalog?" in by_a_program.stderr


def test_an_empty_list_states_whether_the_catalog_is_empty_or_nothing_matches(run: Any) -> None:
    page: tuple[int, Any] = (200, {"images": [], "next": None})
    assert "`preferstream catalog add FOLDER`" in run("catalog", "list", pages=[page]).stdout
    filtered = run("catalog", "list", "--tag", "sea", "--tenant", "shop", pages=[page]).stdout
    assert filtered == "the catalog of the tenant shop has no image that meets these conditions\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("catalog", "list", "--status", "broken"),
        ("catalog", "add", "no-such-folder"),
        ("feed", "--tag", "sea"),
        ("feed", "--next"),
        ("feed", "ada", "--follow"),
        ("feed", "ada", "--user", "bob"),
        ("feed", "ada", "--next", "--tag", "sea"),
    ],
)
def test_wrong_use_is_named(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_a_refusal_of_the_gateway_is_printed_with_its_errors() -> None:
    problem = {
        "detail": "Not valid.", "errors": [{"pointer": "/query/tags_any", "detail": "too long"}]
    }  # fmt: skip
    with pytest.raises(Unprocessable, match="; /query/tags_any: too long"):
        list(answering((422, problem)).images())
    with pytest.raises(Unavailable, match="PREFERSTREAM_GATEWAY_TOKEN"):
        list(answering((401, {"detail": "No token."})).images())
    with pytest.raises(Unavailable, match="status 502"):
        list(answering((502, "x")).images())


def test_ids_are_read_in_parts_and_may_have_any_characters() -> None:
    log: list[httpx.Request] = []
    empty: tuple[int, Any] = (200, {"images": [], "next": None})
    gateway = answering(empty, empty, log=log)
    gateway.images_by_id([f"é &/{n}" for n in range(60)], tenant="shop")
    assert [len(request.url.params.get_list("image_id")) for request in log] == [50, 10]
    assert log[0].url.params.get_list("image_id")[0] == "é &/0"
