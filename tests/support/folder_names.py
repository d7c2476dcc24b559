"""Names of folders and files that break programs which quote, split or decode paths."""

from typing import Final

NAMES: Final = (
    "two words", "100%", "my%20data", "a%2Fb", "%C3%BC", "a#b", "a?b", "\u00fc", "u\u0308",
    "\U0001f4f7", "it's", 'a "quote"', "a&b", "a;b", "a$HOME", "a=b", "[x]", "*", "{a,b}",
    "back\\slash", "-dash", "trailing ", " leading", "~tilde", "a,b", "a:b", "new\nline", "tab\t",
    "a|b", "<a>", "a^b", "`a`", "a!b", "..a", "s3:", "x" * 255,
)  # fmt: skip
