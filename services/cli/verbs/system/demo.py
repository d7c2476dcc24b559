"""`preferstream demo`: rank real pictures and drawings through Kafka, and check the result."""

import asyncio
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from PIL import Image

from services.cli.connection import ConnectionSettings, messaging_settings
from services.cli.demo.checks import mean_rise, share_of_right_pairs
from services.cli.demo.image_files import DemoFiles, NoDemoFiles, make_demo_files
from services.cli.demo.own_pictures import OwnChoice, TooFewPictures, choose_own
from services.cli.demo.page import Section, write_page
from services.cli.demo.real_users import colorfulness_of, real_users, write_scenario
from services.cli.demo.report import as_json as json_of_user
from services.cli.demo.report import mean_right, print_scenario
from services.cli.demo.scenario import Scenario, ScenarioResult
from services.cli.demo.sections import drawings_chapter, real_chapter, user_sections
from services.cli.demo.story import DemoApp, DemoResult, DemoTimeout, run_demo, run_scenario
from services.cli.files.data_folder import prepare_data_dir
from services.cli.files.inputs import image_uri
from services.cli.managed_system import STOP_SECONDS, SystemDidNotStart, managed_system
from services.cli.output import tables
from services.cli.output.console import (
    err,
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.wrapping import Id
from services.cli.program.interruption import GRACE_SECONDS, interruptible
from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.embedding.protocol import Vectors
from shared.images.packaged.pictures import package_pictures
from shared.settings import from_environment

MIN_RIGHT_PAIRS = 0.9
"""Share of liked-above-disliked pairs; chance is 0.5, and the shipped model reaches 1.0."""
MIN_RIGHT_REAL = 0.75
"""The same for real pictures, as the mean over the users: other seeds give .9 and more."""
TIMEOUT_SECONDS = 60.0
"""For each answer of the system; a healthy one answers within seconds."""
MISSING_PICTURES = (
    "the first chapter is left out, because the packages with its pictures are not installed; run"
    " `make demo` in a copy of the repository, or show your own pictures with --mine FOLDER"
)


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Do not open the browser; use the exit code.")
    ] = False,
    mine: Annotated[
        Path | None,
        typer.Option(
            help="Rank the pictures of this folder and its subfolders instead; put examples into"
            " its subfolders `liked` and `disliked`.",
            metavar="FOLDER",
        ),
    ] = None,
    choose: Annotated[
        bool,
        typer.Option("--choose", help="With --mine: like and dislike its pictures in the browser."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed shows other pictures and tastes.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Run the demo: users of real pictures, then one of drawings who clicks; check each feed.

    Fails when the feeds do not follow the tastes.

    Example: preferstream demo --mine ~/Pictures
    """
    if choose and mine is None:
        wrong_use("--choose needs --mine FOLDER: it shows the pictures of this folder")
    settings = from_environment(ConnectionSettings)
    prepare_data_dir(settings.data_dir)
    page = settings.data_dir / "demo" / "index.html"
    is_running = settings.kafka_bootstrap_servers or read_runtime_file(settings.data_dir)
    system = "continues" if is_running else "has ended too"
    interrupted = (
        f"the demo was stopped before its end, and its system {system}; run it again from the"
        " beginning with the same command"
    )
    if choose:
        interrupted = "the playground has ended; the profiles are kept"
    with (
        interruptible(lambda: interrupted, grace_seconds=STOP_SECONDS + GRACE_SECONDS),
        tempfile.TemporaryDirectory(prefix="preferstream-demo-") as temporary,
        _failures_as_sentences(),
    ):
        if mine is not None and choose:
            _choose(settings, mine, headless=headless)
        elif mine is not None:
            _mine(settings, mine, Path(temporary), page, seed=seed, as_json=as_json)
        else:
            _chapters(settings, Path(temporary), page, seed=seed, as_json=as_json)
        if not headless and not as_json and not choose and err.is_terminal:
            webbrowser.open(page.resolve().as_uri())


@contextmanager
def _failures_as_sentences() -> Iterator[None]:
    try:
        yield
    except (DemoTimeout, SystemDidNotStart) as error:
        fail(f"{error}. Run `preferstream doctor` to find the cause")
    except (NoDemoFiles, TooFewPictures, NotADirectoryError) as error:
        fail(str(error))
    except Unavailable as error:
        fail(error.detail)


def _chapters(
    settings: ConnectionSettings, folder: Path, page: Path, *, seed: int, as_json: bool
) -> None:
    print_progress("choosing users of real pictures, whose tastes are known from the sources")
    scenarios = _real_scenarios(folder / "real", seed=seed)
    print_progress("rendering images of a simulated user, whose taste is known")
    files = make_demo_files(folder / "drawings", seed=seed)
    with _system(settings) as system:
        users = _ranked(system, scenarios)
        result = run_demo(_demo_app(system, "drawings"), files, on_progress=print_progress)
        pictures = len({path.name for scenario in scenarios for path in scenario.files})
        chapters = real_chapter(users, pictures=pictures)
        chapters += drawings_chapter(result, files, number=2 if users else 1)
        _write(page, chapters, result.first_feed.model_version)
    _report(users, result, files, page, pictures=pictures, as_json=as_json)


def _mine(
    settings: ConnectionSettings, mine: Path, folder: Path, page: Path, *, seed: int, as_json: bool
) -> None:
    """Rank the pictures of a person; whatever the check shows, this is no failure."""
    print_progress(f"choosing pictures of {mine} by a simple rule")
    choice = choose_own(mine.expanduser(), folder, seed=seed, encode=_encode)
    for note in choice.notes:
        print_progress(note)
    with _system(settings) as system:
        (user,) = _ranked(system, [choice.scenario])
        _write(page, user_sections(user), user.feed.model_version)
    if as_json:
        print_json({"users": [json_of_user(user)], "page": str(page.resolve()), **_of(choice)})
        return
    print_scenario(user)
    print_line("page with the pictures: ", Id(page.resolve().as_uri()))
    print_line("To like and dislike these pictures yourself, add --choose.")


def _of(choice: OwnChoice) -> dict[str, Any]:
    return {"rule": choice.scenario.text, "left_out": list(choice.notes)}


def _choose(settings: ConnectionSettings, mine: Path, *, headless: bool) -> None:
    """Offer the pictures of a folder in the playground until Ctrl-C."""
    folder = mine.expanduser()
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    if settings.kafka_bootstrap_servers or read_runtime_file(settings.data_dir):
        fail(
            "a system is running already, and its playground has other pictures; stop it first, or"
            f" start it with PREFERSTREAM_OPS_SAMPLES={folder.resolve()}"
        )
    shown = {"PREFERSTREAM_OPS_SAMPLES": str(folder.resolve())}
    with managed_system(settings.data_dir, on_progress=print_progress, settings=shown) as system:
        address = f"{system.dashboard}/playground"
        print_line("like and dislike your pictures at ", Id(address), ", then press Rank")
        print_line("Ctrl-C stops the system.")
        if not headless and err.is_terminal:
            webbrowser.open(address)
        threading.Event().wait()


def _real_scenarios(folder: Path, *, seed: int) -> list[Scenario]:
    pictures = package_pictures()
    users = real_users(pictures, colorfulness_of(pictures))
    if not users:
        print_progress(MISSING_PICTURES)
    return [write_scenario(user, folder / user.name, seed=seed) for user in users]


def _encode(images: Sequence[Image.Image]) -> Vectors:
    # Imported here: they load torch, and one of three rules needs it.
    from shared.embedding.images.encoders.settings import ImageEncoderSettings
    from shared.embedding.images.factory import open_image_encoder

    async def encoded() -> Vectors:
        async with open_image_encoder(from_environment(ImageEncoderSettings)) as encoder:
            return await encoder.encode(images)

    print_progress(f"comparing {len(images)} pictures with the first one")
    return asyncio.run(encoded())


def _ranked(system: RuntimeFile, scenarios: Sequence[Scenario]) -> list[ScenarioResult]:
    results = []
    for scenario in scenarios:
        print_progress(
            f"{scenario.title}: {len(scenario.liked)} liked, {len(scenario.disliked)} disliked and"
            f" {len(scenario.slate)} new pictures"
        )
        results.append(run_scenario(_demo_app(system, scenario.name), scenario))
    return results


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


def _demo_app(system: RuntimeFile, name: str) -> DemoApp:
    roots = system.allowed_file_roots
    return DemoApp(
        kafka=messaging_settings(system), user=f"demo-{name}-{uuid4().hex[:8]}",
        clock=system_clock, timeout_seconds=TIMEOUT_SECONDS,
        image_uri=lambda path: image_uri(path, roots=roots),
    )  # fmt: skip


def _write(page: Path, sections: Sequence[Section], model: str) -> None:
    write_page(
        page, title="Taste profiles and ranked feeds", sections=sections,
        lead=f"Sent through Kafka, and ranked by the model {model}.",
    )  # fmt: skip


def _report(
    users: Sequence[ScenarioResult],
    result: DemoResult,
    files: DemoFiles,
    page: Path,
    *,
    pictures: int,
    as_json: bool,
) -> None:
    """Print the results; the command fails when the feeds do not follow the tastes."""
    right = share_of_right_pairs(
        result.first_feed, above=files.names("liked"), below=files.names("disliked")
    )
    rise = mean_rise(result.first_feed, result.second_feed, of=files.names("new"))
    real = mean_right(users)
    if as_json:
        print_json(
            {
                "users": [json_of_user(user) for user in users], "pictures": pictures,
                "right_pairs_real": real, "right_pairs": right, "mean_rise": rise,
                "page": str(page.resolve()), "dead_letter": asdict(result.dead_letter),
                "status": result.first_feed.status,
                "rejected": [item.image_id for item in result.first_feed.rejected],
            }
        )  # fmt: skip
    else:
        for user in users:
            print_scenario(user)
        _print_drawings(result, files)
        print_line()
        if real is not None:
            print_line(
                f"real pictures: {real:.0%} of the pairs are in the right order, the mean of"
                f" {len(users)} users and {pictures} pictures"
            )
        print_line(
            f"drawings, liked above disliked: {right:.0%} of the pairs are in the right order"
        )
        print_line(f"clicked style: moved up {rise:.1f} ranks on average in the second feed")
        print_line("page with the pictures: ", Id(page.resolve().as_uri()))
    _fail_if_wrong({"real": (real, MIN_RIGHT_REAL), "drawn": (right, MIN_RIGHT_PAIRS)}, rise)


def _fail_if_wrong(shares: Mapping[str, tuple[float | None, float]], rise: float) -> None:
    for kind, (share, least) in shares.items():
        if share is not None and share < least:
            fail(
                f"only {share:.0%} of the liked-disliked pairs of {kind} pictures are in the right"
                f" order, and {least:.0%} are required"
            )
    if rise <= 0:
        fail("after the clicks, the images of the clicked style did not move up")


def _print_drawings(result: DemoResult, files: DemoFiles) -> None:
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
