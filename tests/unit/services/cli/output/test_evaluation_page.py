"""The page of an evaluation has every bar, its interval and the facts below the table."""

from pathlib import Path

from services.cli.output.evaluation_page import rows, write_evaluation_page
from services.cli.verbs.models.evaluate import notes
from shared.domain.element_weights import ElementWeights
from shared.jobs.evaluation import Accuracy, ControlResult, FormatFailures, Report

SPLIT = Accuracy(n=20, users=10, accuracy=0.9, interval=(0.75, 1.0))
CHANCE = Accuracy(n=20, users=10, accuracy=0.5, interval=(0.25, 0.75))
REPORT = Report(
    splits={"seen_sp": SPLIT},
    mean=0.9,
    level="hard",
    protocol="pair",
    controls={"user_blind": ControlResult(**CHANCE.model_dump(), splits={"seen_sp": CHANCE})},
    checksum="c0ffee",
    model_version="<nano> & co",
    prompt_version="1",
    template="abc",
    seed=0,
    limit=None,
    references=5,
    format_failures=FormatFailures(
        answers=40, failed=3, unanswered=1, reasons={"cut_off": 2, "no_answer": 1}
    ),
    order_consistency=0.95,
    agrees_with_totals=0.5,
    left_out={"missing_image": 4},
    unknown_keys=("mood",),
    seconds=1.5,
)


def test_a_split_has_its_bar_and_the_bars_of_the_controls() -> None:
    (row,) = rows(REPORT)
    assert [bar.kind for bar in row.bars] == ["own", "user_blind"]
    assert (row.bars[0].percent, row.bars[0].low, row.bars[0].high) == (90, 75, 100)
    assert "20 pairs of 10 users" in row.title


def test_the_page_has_all_values_and_escapes_names(tmp_path: Path) -> None:
    write_evaluation_page(tmp_path / "new" / "index.html", REPORT, bench="prefersim")
    page = (tmp_path / "new" / "index.html").read_text(encoding="utf-8")
    assert "&lt;nano&gt; &amp; co" in page
    for text in (
        "90.0 % (75.0 to 100.0)",
        "left: 75.00%; width: 25.00%",
        "c0ffee",
        "custom template",
    ):
        assert text in page
    assert "3 of 40 answers" in page
    assert "http" not in page, "a page that loads nothing from elsewhere"


def test_failures_and_skipped_items_are_listed_below_the_table() -> None:
    text = "\n".join(notes(REPORT))
    for line in (
        "3 of 40 answers had format failures", "cut_off: 2", "both orders: 95.0%",
        "totals: 50.0%", "missing_image: 4", "ignored: mood",
    ):  # fmt: skip
        assert line in text


def test_unequal_element_weights_are_listed_below_the_table() -> None:
    weights = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
    weighed = REPORT.model_copy(update={"element_weights": weights})
    assert any("color 2.25" in line for line in notes(weighed))
    assert not any("element weights" in line for line in notes(REPORT))
