"""Charts are well-formed SVG, their text is escaped, and their colors exist in light and dark."""

import re
from xml.etree import ElementTree

import pytest

from training.plots import charts
from training.plots.axes import Scale
from training.plots.charts import Series
from training.plots.colors import DARK, LIGHT, SERIES, STATES, file_style, page_style
from training.plots.line_chart import Line, line_chart
from training.statistics.calibration import calibration
from training.statistics.interval import Interval

NAME = "<b>&"
INTERVAL = Interval(0.6, 0.5, 0.7)
CHARTS = {
    "columns": charts.columns([Series(NAME, [0.2, 0.4])], ["1", "2"], title=NAME),
    "bars": charts.bars([(NAME, 3), ("none", 0)], title=NAME),
    "no bars": charts.bars([], title=NAME),
    "histogram": charts.histogram([0, 4], {0: NAME}, title=NAME, tooltips=["", NAME]),
    "distributions": charts.distributions([Series(NAME, [0.2, 0.8])], ["0", "1"], title=NAME),
    "intervals": charts.intervals([(NAME, INTERVAL)], title=NAME),
    "shares": charts.shares([(NAME, INTERVAL, "first")], title=NAME),
    "reliability": charts.reliability(
        {NAME: calibration([0.9, 0.8, 0.2])}, title=NAME, names={NAME: NAME}
    ),
    "lines": line_chart(
        [Line(NAME, [0.5, 0.6], [0.4, 0.5], [0.6, 0.7], marks={1: NAME})],
        title=NAME, x_title=NAME, event=(1, NAME),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_well_formed_and_escapes_its_text(name: str) -> None:
    root = ElementTree.fromstring(CHARTS[name])
    assert root.tag.endswith("svg")
    assert root.attrib["aria-label"] == NAME
    assert "<b>" not in CHARTS[name]


@pytest.mark.parametrize("name", CHARTS)
def test_everything_of_a_chart_is_inside_its_frame(name: str) -> None:
    root = ElementTree.fromstring(CHARTS[name])
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for element in root.iter():
        for key, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert 0 <= float(element.attrib.get(key, 0)) <= most, element.attrib


def test_every_color_has_a_value_in_light_and_dark() -> None:
    assert set(LIGHT) == set(DARK)
    used = set(re.findall(r"var\(--(\w+)\)", page_style() + file_style()))
    assert used <= set(LIGHT)
    assert {*SERIES, *STATES} <= set(LIGHT)


def test_a_scale_maps_its_ends_and_survives_an_empty_range() -> None:
    scale = Scale(0, 10, 100, 0)
    assert (scale(0), scale(10), scale(5)) == (100, 0, 50)
    assert Scale(1, 1, 0, 10)(1) == 0


def test_points_have_a_sign_and_one_decimal() -> None:
    assert [charts.signed(value) for value in (0.031, -0.004, 0.0001)] == ["+3.1", "-0.4", "0.0"]


def test_a_single_step_shows_each_line_as_a_dot_with_its_interval() -> None:
    lines = [Line("ours", [0.9], [0.88], [0.92]), Line("random", [0.7], [0.68], [0.72])]
    drawn = line_chart(lines, title="NDCG", x_title="nights", steps_at=["3"])
    places = re.findall(r'<circle[^>]*cx="([\d.]+)"', drawn)
    assert len(set(places)) == 2
    assert "ours: 0.900 (0.880 to 0.920)" in drawn
