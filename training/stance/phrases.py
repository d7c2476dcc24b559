"""Phrases from which sentences about a picture and a taste are generated."""

from typing import Final

PEOPLE: Final = (
    "this person", "the user", "this user", "the viewer", "this viewer", "the person", "she", "he",
    "they", "you", "someone with this taste",
)  # fmt: skip

LIKES: Final = (
    "like|likes", "love|loves", "enjoy|enjoys", "prefer|prefers", "favour|favours", "adore|adores",
    "appreciate|appreciates", "are fond of|is fond of", "are drawn to|is drawn to",
    "have a soft spot for|has a soft spot for", "have a weakness for|has a weakness for",
    "can't get enough of|can't get enough of", "look for|looks for", "go for|goes for",
    "seek out|seeks out", "keep choosing|keeps choosing", "rate highly|rates highly",
    "have praised|has praised", "value|values", "tend to like|tends to like",
    "usually go for|usually goes for", "respond well to|responds well to",
    "gravitate towards|gravitates towards", "are a fan of|is a fan of", "are keen on|is keen on",
    "are partial to|is partial to", "ask for|asks for", "reward|rewards", "crave|craves",
    "are after|is after", "live for|lives for", "always pick|always picks",
    "never tire of|never tires of", "admire|admires", "want|wants", "expect|expects",
    "are at home with|is at home with", "delight in|delights in", "collect|collects",
    "have often liked|has often liked", "consistently favor|consistently favors",
    "have a preference for|has a preference for", "find comfort in|finds comfort in",
    "would choose|would choose", "are happiest with|is happiest with", "lean towards|leans towards",
)  # fmt: skip

DISLIKES: Final = (
    "dislike|dislikes", "hate|hates", "avoid|avoids", "reject|rejects", "detest|detests",
    "can't stand|can't stand", "are put off by|is put off by", "have no time for|has no time for",
    "do not care for|does not care for", "are not a fan of|is not a fan of",
    "don't like|doesn't like", "are tired of|is tired of", "steer clear of|steers clear of",
    "complain about|complains about", "have an aversion to|has an aversion to",
    "rarely like|rarely likes", "never choose|never chooses", "mark down|marks down",
    "are bored by|is bored by", "shy away from|shies away from",
    "could do without|could do without",
    "have little love for|has little love for", "object to|objects to", "hide|hides",
    "do not enjoy|does not enjoy", "are not keen on|is not keen on", "scroll past|scrolls past",
    "have no interest in|has no interest in", "are annoyed by|is annoyed by",
    "have never warmed to|has never warmed to", "would rather not see|would rather not see",
    "find little joy in|finds little joy in", "are no friend of|is no friend of",
    "usually skip|usually skips", "seldom pick|seldom picks", "are weary of|is weary of",
    "have no patience for|has no patience for", "frown on|frowns on", "cannot bear|cannot bear",
    "have repeatedly rejected|has repeatedly rejected", "tend to dislike|tends to dislike",
    "are uneasy with|is uneasy with", "would turn down|would turn down", "resent|resents",
)  # fmt: skip

FITS: Final = (
    "match {their} taste", "suit {them}", "fit the profile", "appeal to {them}", "please {them}",
    "delight {them}", "go down well with {them}", "hit the mark", "win {them} over",
    "work for {them}", "tick the right boxes", "be a good fit", "be a strong match",
    "align with {their} preferences", "agree with {their} taste", "speak to {them}",
    "resonate with {them}", "be well received", "be welcome", "earn a high score",
    "score well with {them}", "be to {their} liking", "be appreciated", "be enjoyed", "be liked",
    "satisfy {them}", "make {them} happy", "attract {them}", "charm {them}", "impress {them}",
    "meet {their} expectations", "be {their} cup of tea", "sit well with {them}", "find favour",
    "be a hit with {them}", "catch {their} eye", "be right up {their} street",
    "correspond to what {they} like", "reflect {their} preference", "get a thumbs up",
    "feel right to {them}", "hold {their} interest", "draw {them} in", "be a draw for {them}",
)  # fmt: skip
"""What a picture that fits a taste does, in the base form."""

CLASHES: Final = (
    "clash with {their} taste", "conflict with {their} preferences", "put {them} off",
    "displease {them}", "disappoint {them}", "miss the mark", "fall flat", "annoy {them}",
    "irritate {them}", "bore {them}", "leave {them} cold", "be a poor fit", "be a turn-off",
    "go against {their} taste", "be at odds with the profile", "jar with {their} taste",
    "earn a low score", "score poorly with {them}", "be rejected", "be disliked", "be unwelcome",
    "grate on {them}", "overwhelm {them}", "repel {them}", "be a drawback", "be a letdown",
    "drive {them} away", "lose {them}", "be marked down", "be the wrong choice for {them}",
    "fall short of {their} expectations", "contradict the stated preference", "tire {them}",
    "get a thumbs down", "feel wrong to {them}", "run counter to {their} taste", "be hidden",
    "be a dealbreaker", "be off-putting to {them}", "be hard for {them} to enjoy",
)  # fmt: skip

CERTAIN: Final = (
    "", "", "would", "will", "should", "is likely to", "will probably", "is bound to",
    "is sure to", "is expected to", "may well", "cannot fail to", "would certainly", "ought to",
    "seems likely to", "would", "will surely", "might well", "would no doubt", "is going to",
)  # fmt: skip
"""Before a base form; empty for the plain present."""

DENIED: Final = (
    "does not", "doesn't", "will not", "won't", "would not", "wouldn't", "is unlikely to",
    "would hardly", "fails to", "will never", "cannot", "is not expected to", "doesn't really",
    "is not going to", "can scarcely", "would barely", "is not likely to", "isn't going to",
    "does little to", "would never", "is hardly likely to", "could not", "has little chance to",
    "would struggle to", "is not the kind of thing to", "seldom manages to",
)  # fmt: skip

TRAITS: Final = (
    ("warm tones", "cool tones"), ("pastel colours", "dark, moody colours"),
    ("black and white", "bright colour"), ("earthy browns", "neon greens"),
    ("icy blues", "fiery reds"), ("soft pinks", "deep blacks"), ("gold and ochre", "silver grays"),
    ("muted saturation", "vivid saturation"), ("soft colors", "bold colors"),
    ("faded tones", "punchy tones"), ("restrained colours", "garish colours"),
    ("fine detail", "simple shapes"), ("intricate ornament", "empty space"),
    ("busy scenes", "minimal compositions"), ("rich texture", "smooth, flat surfaces"),
    ("clutter", "clean, open layouts"), ("watercolor", "photography"), ("oil paint", "3D renders"),
    ("pencil drawings", "vector graphics"), ("collage", "ink drawings"),
    ("pixel art", "engravings"),
    ("film photographs", "digital paintings"), ("realism", "abstraction"),
    ("impressionism", "pop art"), ("anime", "classical painting"), ("cubism", "art nouveau"),
    ("cartoon styles", "photographic realism"), ("line art", "thick impasto"),
    ("surreal scenes", "everyday subjects"), ("gothic gloom", "sunny moods"),
    ("hand-made looks", "slick digital finishes"), ("grain", "sharp focus"),
    ("gentle contrast", "harsh contrast"), ("visible brushwork", "airbrushed skin"),
    ("geometric patterns", "flowing, organic lines"), ("vintage looks", "futuristic looks"),
)  # fmt: skip
"""Things that a picture has or lacks; the two of a pair exclude each other."""

COMPARATIVES: Final = (
    ("darker", "lighter"), ("brighter", "dimmer"), ("busier", "calmer"), ("plainer", "richer"),
    ("more vivid", "more muted"), ("more detailed", "simpler"), ("warmer", "cooler"),
    ("more saturated", "grayer"), ("more realistic", "more stylised"), ("louder", "quieter"),
    ("rougher", "smoother"), ("flatter", "deeper"), ("bolder", "softer"),
    ("more cluttered", "sparser"), ("more abstract", "more literal"),
)  # fmt: skip

HAS: Final = (
    "The image has {x}.", "The image is full of {x}.", "This picture relies on {x}.",
    "There is a lot of {x} in this image.", "The picture features {x}.", "It shows {x}.",
    "The image is dominated by {x}.", "The artist has gone for {x}.", "This one is all {x}.",
    "The work is built on {x}.", "{X} define the picture.", "Everything here is {x}.",
)  # fmt: skip
LACKS: Final = (
    "The image has no {x}.", "There is no {x} here.", "The picture is free of {x}.",
    "{X} are nowhere to be seen.", "The image avoids {x}.", "It lacks {x}.",
    "Not a trace of {x} can be seen.", "The picture does without {x}.",
)  # fmt: skip

SUBJECTS: Final = (
    "The palette", "The color", "The color scheme", "The art style", "The style", "The medium",
    "The saturation", "The level of detail", "The detail", "The picture", "The image", "It", "This",
    "The brushwork", "The lighting", "The rendering", "The linework", "The overall look",
    "The treatment", "The texture", "The finish", "The mood of the colors", "This one",
    "The choice of medium", "The amount of detail",
)  # fmt: skip

PRAISE: Final = (
    "striking", "well executed", "beautiful", "impressive", "skilful", "eye-catching", "charming",
    "polished", "technically fine", "lively", "elegant", "attractive in itself",
)  # fmt: skip
BLAME: Final = (
    "plain", "dull to most people", "rough", "unusual", "dark", "crude", "gloomy", "simple",
    "unfashionable", "a little garish", "messy", "odd", "old-fashioned",
)  # fmt: skip
FINDS_GOOD: Final = (
    "charming", "lovely", "delightful", "irresistible", "soothing", "beautiful", "exciting",
    "appealing", "comforting", "fascinating", "refreshing", "compelling", "pleasing",
)  # fmt: skip
FINDS_BAD: Final = (
    "boring", "ugly", "tiring", "overwhelming", "garish", "tacky", "cold", "childish", "dreary",
    "unappealing", "irritating", "lifeless", "off-putting", "distasteful", "jarring", "stale",
)  # fmt: skip
NEUTRAL: Final = (
    "{S} is {a}.", "The picture shows {x}.", "The image is made with {x}.",
    "Nothing is known about how {they} feel about {x}.", "{S} is {a}, with {x} in the background.",
    "{They} neither like nor dislike {x}.", "The profile does not mention {x}.",
    "Whether {they} would enjoy {x} cannot be determined.", "There is some {x} in the image.",
    "{S} is neither a plus nor a minus.", "No preference for {x} is recorded.",
    "{S} is average and says little either way.", "{They} seem indifferent to {x}.",
    "It is unclear whether {x} would please {them}.", "{S} leaves them neutral.",
    "{They} have shown no opinion on {x}.", "The image uses {x} and {y}.",
    "{They} have mixed feelings about {x}.",
)  # fmt: skip
PLACES: Final = (
    "bridge", "harbor", "portrait", "forest", "street", "cat", "kitchen", "mountain", "castle",
    "robot", "flower", "ship", "dancer", "garden", "tower", "horse", "still life", "city skyline",
)  # fmt: skip
