"""Colors of all plots, in light and dark, and the CSS rules that use them."""

from typing import Final

LIGHT: Final = {
    "ground": "#faf9f7", "card": "#ffffff", "ink": "#1d1c1a", "faint": "#6b6760",
    "line": "#e0dbd1", "track": "#ebe7df", "good": "#1f7a4d", "bad": "#b3362b", "open": "#7d776c",
    "first": "#3b6fb6", "second": "#b0661a", "third": "#0f766e", "fourth": "#7c3aed",
    "fifth": "#a3423f", "sixth": "#64748b", "seventh": "#8c8577",
}  # fmt: skip
DARK: Final = {
    "ground": "#161614", "card": "#201f1c", "ink": "#f0ede6", "faint": "#a39d92",
    "line": "#3a3832", "track": "#33312c", "good": "#5fc592", "bad": "#ef8478", "open": "#a39d92",
    "first": "#7fa9e3", "second": "#e8a75c", "third": "#4fc4b8", "fourth": "#b79bf5",
    "fifth": "#e58f8b", "sixth": "#9fb0c6", "seventh": "#8d8678",
}  # fmt: skip
SERIES: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
"""CSS classes of the series of a plot, in their order."""
STATES: Final = ("good", "bad", "open")
"""CSS classes of a difference: better, worse, not distinguishable from zero."""

TEXT: Final = """\
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; white-space: pre; }
svg .tick { fill: var(--faint); font-size: 11px; } svg .value { font-weight: 600; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
svg line { stroke: var(--line); } svg line.zero { stroke: var(--faint); }
svg line.ideal, svg line.event { stroke: var(--faint); stroke-dasharray: 3 4; }
svg line.interval { stroke: var(--ink); stroke-width: 2; }
svg line.bar { stroke-width: 4; stroke-linecap: round; }
svg .curve { fill: none; stroke-width: 2; } svg .curve.thick { stroke-width: 3; }
svg .band { opacity: .14; stroke: none; }
svg .track { fill: var(--track); } svg .frame { fill: none; stroke: var(--line); }
svg .background { fill: var(--card); }
"""


def variables(colors: dict[str, str]) -> str:
    """CSS variables, one a color."""
    return " ".join(f"--{name}: {value};" for name, value in colors.items())


def rules() -> str:
    """CSS rules of every element of a plot."""
    by_color = [
        f"svg .{name} {{ fill: var(--{name}); }}"
        f" svg line.{name}, svg .curve.{name} {{ stroke: var(--{name}); }}"
        f" svg .curve.{name} {{ fill: none; }} .key.{name} {{ color: var(--{name}); }}"
        for name in (*SERIES, *STATES)
    ]
    return "\n".join([TEXT.rstrip(), *by_color])


def page_style() -> str:
    """For an HTML page: the colors follow the reader's light or dark setting."""
    return (
        f":root {{ color-scheme: light dark; {variables(LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}\n{rules()}"
    )


def file_style() -> str:
    """For an SVG file of its own: light colors on a background of its own."""
    return f"svg {{ {variables(LIGHT)} }}\n{rules()}"
