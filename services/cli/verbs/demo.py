"""`preferstream demo`: the whole story on real image files, told through a real Kafka."""

import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from services.cli.connection import ConnectionSettings, messaging_settings
from services.cli.demo.checks import mean_rise, share_of_right_pairs
from services.cli.demo.image_files import DemoFiles, NoDemoFiles, make_demo_files
from services.cli.demo.page import Part, feed_cards, picture, taste_rows, write_page
from services.cli.demo.story import DemoTimeout, Story, DemoApp, tell
from services.cli.inputs import image_uri
from services.cli.managed_system import SystemDidNotStart, managed_system
from services.cli.output import tables
from services.cli.output.console import err, fail, out, print_json, say
from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.settings import from_environment

RIGHT_PAIRS_NEEDED = 0.9
"""Of liked-above-disliked pairs; chance is 0.5, and the shipped model reaches 1.0."""


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="For machines: no browser; the exit code tells.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed is another taste.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one line.")] = False,
) -> None:
    """Tell the whole story: likes, a slate, a ranked feed, clicks, another feed.

    Example: preferstream demo --headless
    """
    settings = from_environment(ConnectionSettings)
    folder = settings.data_dir / "demo"
    with tempfile.TemporaryDirectory(prefix="preferstream-demo-") as temporary:
        try:
            say("rendering a user's images (a simulated taste, so that the truth is known)")
            files = make_demo_files(Path(temporary), seed=seed)
            with _system(settings) as system:
                story = tell(_teller(system), files, say=say)
                page = folder / "index.html"
                _write(story, files, page)
        except (DemoTimeout, SystemDidNotStart) as error:
            fail(f"{error}. `preferstream doctor` looks for the cause")
        except NoDemoFiles as error:
            fail(str(error))
        except Unavailable as error:
            fail(error.detail)
    _conclude(story, files, page, headless=headless, as_json=as_json)


@contextmanager
def _system(settings: ConnectionSettings) -> Iterator[RuntimeFile]:
    running = read_runtime_file(settings.data_dir)
    if settings.kafka_bootstrap_servers or running:
        say("using the system that is running")
        found = running or RuntimeFile(kafka=settings.kafka_bootstrap_servers or "")
        with nullcontext(found) as system:
            yield system
    else:
        with managed_system(settings.data_dir, say=say) as system:
            yield system


def _teller(system: RuntimeFile) -> DemoApp:
    roots = system.allowed_file_roots
    return DemoApp(
        kafka=messaging_settings(system), user=f"demo-{uuid4().hex[:8]}", clock=system_clock,
        patience_seconds=60.0, address=lambda path: image_uri(path, roots=roots),
    )  # fmt: skip


def _conclude(story: Story, files: DemoFiles, page: Path, *, headless: bool, as_json: bool) -> None:
    right = share_of_right_pairs(
        story.first_feed, above=files.names("liked"), below=files.names("disliked")
    )
    rise = mean_rise(story.first_feed, story.second_feed, of=files.names("new"))
    if as_json:
        print_json(
            {
                "right_pairs": right, "mean_rise": rise, "page": str(page.resolve()),
                "set_aside": asdict(story.set_aside), "status": story.first_feed.status,
                "rejected": [r.image_id for r in story.first_feed.rejected],
            }
        )  # fmt: skip
    else:
        _print(story, files)
        out.print(f"\nliked above disliked: {right:.0%} of the pairs are in the right order")
        out.print(f"clicked style: rose {rise:.1f} places on average in the second feed")
        out.print(f"the feeds as pictures: {page.resolve().as_uri()}")
    if right < RIGHT_PAIRS_NEEDED:
        fail(f"only {right:.0%} of the liked-disliked pairs are in the right order")
    if rise <= 0:
        fail("the clicks did not raise the style that was clicked")
    if not headless and not as_json and err.is_terminal:
        webbrowser.open(page.resolve().as_uri())


def _print(story: Story, files: DemoFiles) -> None:
    kinds = files.kinds
    for profile, when in ((story.first_profile, "first"), (story.second_profile, "after clicks")):
        out.print(tables.taste_table(tables.taste_of(profile), title=f"\nTaste, {when}"))
        feed = story.first_feed if profile is story.first_profile else story.second_feed
        title = f"\nFeed, {when} ({feed.status}, {feed.latency_ms.get('total', 0):.0f} ms)"
        out.print(tables.feed_table(feed, title=title, notes=kinds))
        for line in (*tables.reason_lines(feed, most=2), *tables.rejected_lines(feed)):
            out.print(line, markup=False)
    out.print(f"\nset aside: {story.set_aside.reason}: {story.set_aside.detail}", markup=False)


def _write(story: Story, files: DemoFiles, page: Path) -> None:
    pictures = {path.name: picture(path) for path in files.slate}
    clicked = ", ".join(story.clicked)
    first, second = (tables.taste_of(p) for p in (story.first_profile, story.second_profile))
    parts = (
        Part("What the user liked", pictures=tuple(picture(p) for p in files.liked)),
        Part("What the user did not like", pictures=tuple(picture(p) for p in files.disliked)),
        Part("The taste that the model reads from them", taste=taste_rows(first)),
        Part("The ranked feed", cards=feed_cards(story.first_feed, pictures),
             lines=(*tables.counted_lines(story.first_feed.element_weights),
                    *tables.rejected_lines(story.first_feed))),
        Part("Set aside", f"A malformed event came before the slate: {story.set_aside.detail}"),
        Part("After clicks", f"The user clicked on {clicked}. The taste is now:",
             taste=taste_rows(second)),
        Part("The same slate, ranked again",
             cards=feed_cards(story.second_feed, pictures, before=story.first_feed)),
    )  # fmt: skip
    write_page(
        page, title="A taste, predicted and put to use", parts=parts,
        lead=f"What {story.user} saw, through Kafka, with the model"
        f" {story.first_feed.model_version}.",
    )  # fmt: skip
