"""`preferstream demo`: rank real image files through a real Kafka, and check the result."""

import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from services.cli.connection import ConnectionSettings, messaging_settings
from services.cli.data_folder import prepare_data_dir
from services.cli.demo.checks import mean_rise, share_of_right_pairs
from services.cli.demo.image_files import DemoFiles, NoDemoFiles, make_demo_files
from services.cli.demo.page import Section, feed_cards, picture, taste_rows, write_page
from services.cli.demo.story import DemoApp, DemoResult, DemoTimeout, run_demo
from services.cli.inputs import image_uri
from services.cli.managed_system import STOP_SECONDS, SystemDidNotStart, managed_system
from services.cli.output import tables
from services.cli.output.console import (
    err,
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
)
from services.cli.output.wrapping import Id, plain
from services.cli.program.interruption import GRACE_SECONDS, interruptible
from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.settings import from_environment

MIN_RIGHT_PAIRS = 0.9
"""Share of liked-above-disliked pairs; chance is 0.5, and the shipped model reaches 1.0."""
TIMEOUT_SECONDS = 60.0
"""For each answer of the system; a healthy one answers within seconds."""


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Do not open the browser; use the exit code.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed gives the user another taste.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Run the demo: likes, candidates, a ranked feed, clicks, and a better feed.

    Fails when the feeds do not follow the user's taste.

    Example: preferstream demo --headless
    """
    settings = from_environment(ConnectionSettings)
    prepare_data_dir(settings.data_dir)
    page = settings.data_dir / "demo" / "index.html"
    is_running = settings.kafka_bootstrap_servers or read_runtime_file(settings.data_dir)
    system = "continues" if is_running else "has ended too"
    interrupted = (
        f"the demo was stopped before its end, and its system {system}; run it again from the"
        " beginning with the same command"
    )
    with (
        interruptible(lambda: interrupted, grace_seconds=STOP_SECONDS + GRACE_SECONDS),
        tempfile.TemporaryDirectory(prefix="preferstream-demo-") as temporary,
    ):
        result, files = _run(settings, Path(temporary), page, seed=seed)
        _report(result, files, page, headless=headless, as_json=as_json)


def _run(
    settings: ConnectionSettings, folder: Path, page: Path, *, seed: int
) -> tuple[DemoResult, DemoFiles]:
    try:
        print_progress("rendering images of a simulated user, whose taste is known")
        files = make_demo_files(folder, seed=seed)
        with _system(settings) as system:
            result = run_demo(_demo_app(system), files, on_progress=print_progress)
            _write_page(result, files, page)
    except (DemoTimeout, SystemDidNotStart) as error:
        fail(f"{error}. Run `preferstream doctor` to find the cause")
    except NoDemoFiles as error:
        fail(str(error))
    except Unavailable as error:
        fail(error.detail)
    return result, files


@contextmanager
def _system(settings: ConnectionSettings) -> Iterator[RuntimeFile]:
    """The running system, or one for the length of the demo."""
    running = read_runtime_file(settings.data_dir)
    if settings.kafka_bootstrap_servers or running:
        print_progress("using the running system")
        yield running or RuntimeFile(kafka=settings.kafka_bootstrap_servers or "")
    else:
        with managed_system(settings.data_dir, on_progress=print_progress) as system:
            yield system


def _demo_app(system: RuntimeFile) -> DemoApp:
    roots = system.allowed_file_roots
    return DemoApp(
        kafka=messaging_settings(system), user=f"demo-{uuid4().hex[:8]}", clock=system_clock,
        timeout_seconds=TIMEOUT_SECONDS, image_uri=lambda path: image_uri(path, roots=roots),
    )  # fmt: skip


def _report(
    result: DemoResult, files: DemoFiles, page: Path, *, headless: bool, as_json: bool
) -> None:
    """Print the result; the command fails when the feeds do not follow the taste."""
    right = share_of_right_pairs(
        result.first_feed, above=files.names("liked"), below=files.names("disliked")
    )
    rise = mean_rise(result.first_feed, result.second_feed, of=files.names("new"))
    if as_json:
        print_json(
            {
                "right_pairs": right, "mean_rise": rise, "page": str(page.resolve()),
                "dead_letter": asdict(result.dead_letter), "status": result.first_feed.status,
                "rejected": [item.image_id for item in result.first_feed.rejected],
            }
        )  # fmt: skip
    else:
        _print_tables(result, files)
        print_line()
        print_line(f"liked above disliked: {right:.0%} of the pairs are in the right order")
        print_line(f"clicked style: moved up {rise:.1f} ranks on average in the second feed")
        print_line("page with the pictures: ", Id(page.resolve().as_uri()))
    if right < MIN_RIGHT_PAIRS:
        fail(
            f"only {right:.0%} of the liked-disliked pairs are in the right order, and"
            f" {MIN_RIGHT_PAIRS:.0%} are required"
        )
    if rise <= 0:
        fail("after the clicks, the images of the clicked style did not move up")
    if not headless and not as_json and err.is_terminal:
        webbrowser.open(page.resolve().as_uri())


def _print_tables(result: DemoResult, files: DemoFiles) -> None:
    for profile, feed, when in (
        (result.first_profile, result.first_feed, "from the likes"),
        (result.second_profile, result.second_feed, "after the clicks"),
    ):
        print_line()
        print_rows(tables.taste_table(tables.taste_of(profile), title=[f"Taste {when}"]))
        print_line()
        title = f"Feed {when} ({feed.status}, {feed.latency_ms.get('total', 0):.0f} ms)"
        print_rows(tables.feed_table(feed, title=[title], notes=files.kinds))
        for line in (*tables.rationale_lines(feed, limit=2), *tables.rejected_lines(feed)):
            print_line(*line)
    letter = result.dead_letter
    print_line()
    print_line(f"dead letter: {letter.reason}: {letter.detail}")


def _write_page(result: DemoResult, files: DemoFiles, page: Path) -> None:
    pictures = {path.name: picture(path) for path in files.slate}
    clicked = ", ".join(result.clicked)
    first, second = map(tables.taste_of, (result.first_profile, result.second_profile))
    sections = (
        Section("Images that the user likes", pictures=tuple(map(picture, files.liked))),
        Section("Images that the user dislikes", pictures=tuple(map(picture, files.disliked))),
        Section("The taste that the model predicts from them", taste=taste_rows(first)),
        Section("The ranked feed", cards=feed_cards(result.first_feed, pictures),
                lines=(*tables.element_weight_lines(result.first_feed.element_weights),
                       *map(plain, tables.rejected_lines(result.first_feed)))),
        Section("Dead letter", "A malformed event was sent before the slate:"
                f" {result.dead_letter.detail}"),
        Section("After the clicks", f"The user clicked on {clicked}. The taste is now:",
                taste=taste_rows(second)),
        Section("The same slate, ranked again",
                cards=feed_cards(result.second_feed, pictures, before=result.first_feed)),
    )  # fmt: skip
    write_page(
        page, title="A taste profile and its ranked feeds", sections=sections,
        lead=f"Feeds for {result.user}, sent through Kafka and ranked by the model"
        f" {result.first_feed.model_version}.",
    )  # fmt: skip
