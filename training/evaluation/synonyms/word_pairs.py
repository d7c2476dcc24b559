"""List pairs of words that mean nearly the same, and pairs that do not.

The thresholds of `shared.embedding.near_synonyms` were chosen on the pairs for development. The
second pairs were written afterwards; four of their antonyms were grouped, so the guard got a list
of opposites. The held-out pairs were written after that and changed nothing.
"""

from collections.abc import Mapping
from typing import Final, Literal

from shared.domain.taste import Element

Use = Literal["development", "held_out"]
PairsText = Mapping[Element, str]
"""Pairs of an element: `a / b; c / d`."""

DEVELOPMENT_SAME: Final[PairsText] = {
    Element.ART_STYLE: (
        "photorealism / photorealistic; minimalism / minimalist; surrealism / surreal;"
        " anime / anime style; cartoon / cartoonish; comic / comic book; impressionism /"
        " impressionist; cubism / cubist; pixel art / pixelated art; flat design / flat"
        " illustration; vector art / vector illustration; art nouveau / art nouveau style;"
        " realism / realistic; abstract / abstract art; abstraction / abstract; line art /"
        " line drawing; pointillism / pointillist"
    ),
    Element.COLOR: (
        "crimson / scarlet; teal / turquoise; gray / silver gray; violet / purple; black"
        " and white / monochrome; golden / gold; reddish / red; bluish / blue; multicolored"
        " / multicolor; multicolored / colorful; beige / tan; earthy / earth tones; warm /"
        " warm tones; cool / cool colors"
    ),
    Element.MEDIUM: (
        "photo / photograph; photography / photograph; oil painting / oil on canvas; oil"
        " paint / oil painting; watercolor / watercolor painting; digital art / digital"
        " artwork; digital / digital art; pencil / pencil drawing; ink / ink drawing;"
        " charcoal / charcoal drawing; 3d render / 3d rendering; 3d render / cgi; pastel /"
        " pastel drawing; embroidery / embroidered textile; collage / paper collage; screen"
        " print / silkscreen"
    ),
    Element.SATURATION: (
        "vivid / vibrant; vivid / intense; vibrant / intense; lively / vivid; drab / muted;"
        " punchy / vivid; toned down / muted; medium saturation / balanced; low saturation /"
        " muted; high saturation / vivid; neon / vivid; colorless / muted; powerful / bold;"
        " average / balanced; unsaturated / muted; faint / soft; bleached / muted; tender /"
        " soft"
    ),
    Element.DETAIL: (
        "minimalist / plain; uncluttered / plain; decorated / rich; highly detailed /"
        " intricate; low detail / plain; medium detail / moderate; complicated / intricate;"
        " basic / plain; lavish / rich; empty / plain; average / moderate; decorative /"
        " rich; stark / plain"
    ),
}
DEVELOPMENT_DIFFERENT: Final[PairsText] = {
    Element.ART_STYLE: (
        "impressionism / expressionism; realism / surrealism; modern / contemporary; art"
        " deco / art nouveau; pop art / op art; baroque / rococo; abstract / figurative;"
        " minimalism / maximalism; cubism / futurism; gothic / romantic; pixel art / line"
        " art; photorealism / surrealism; fantasy art / folk art; renaissance / baroque"
    ),
    Element.COLOR: (
        "blue / navy; blue / red; light blue / dark blue; warm / cool; light / dark; blue /"
        " purple; green / blue green; red / orange; pink / purple; warm tones / cool tones;"
        " red and blue / red and green; black / white; lime / lemon; orange / yellow; pale"
        " pink / pink"
    ),
    Element.MEDIUM: (
        "oil painting / watercolor; oil painting / acrylic painting; pencil drawing / ink"
        " drawing; painting / drawing; painting / photograph; digital painting / oil"
        " painting; charcoal / pencil; woodcut / linocut; pastel / charcoal; digital /"
        " analog; sculpture / painting; etching / engraving; photograph / photogram;"
        " watercolor / gouache; colored pencil / pencil"
    ),
    Element.SATURATION: (
        "muted / vivid; warm / cool; light / dark; soft / bold; bright / dark; dull /"
        " bright; subtle / bold; neutral / vivid; saturated / desaturated; low saturation /"
        " high saturation; pale / intense; monochrome / vivid; colorful / colorless; deep /"
        " vivid"
    ),
    Element.DETAIL: (
        "plain / intricate; minimal / detailed; rough / plain; smooth / plain; clean /"
        " busy; simple / complex; low detail / high detail; fine / coarse; sparse / rich;"
        " moderate / intricate; bare / ornate"
    ),
}
SECOND_SAME: Final[PairsText] = {
    Element.ART_STYLE: (
        "expressionism / expressionist; futurism / futurist; abstract expressionism /"
        " abstract expressionist; manga / manga style; photo realistic / photorealistic;"
        " folk art / folk style; steampunk / steampunk style; caricature / caricatured;"
        " fantasy / fantasy art; romanticism / romantic; gothic / gothic style; dadaism /"
        " dada; symbolism / symbolist; graffiti / graffiti art; illustration / illustrative;"
        " retro / vintage; naturalism / naturalistic; fauvism / fauvist"
    ),
    Element.COLOR: (
        "gold / gold tones; blue / blue hues; silver / silvery; purple / purple color;"
        " pastel / pastel colors; neon / neon colors; aqua / aquamarine; maroon / burgundy;"
        " cream / off white; rainbow / multicolored; sepia / sepia tones; monochrome /"
        " monochromatic; green / greenish; ochre / mustard; colourful / colorful"
    ),
    Element.MEDIUM: (
        "gouache / gouache painting; acrylic / acrylic paint; etching / etched print;"
        " digital photo / digital photograph; linocut / lino print; woodcut / woodblock"
        " print; sculpture / sculpted; marker / marker drawing; computer graphics / computer"
        " generated; fresco / fresco painting; lithograph / lithography; crayon / crayon"
        " drawing; stitching / embroidery; mosaic / mosaic tiles; tempera / tempera paint;"
        " photograph / photographic"
    ),
    Element.SATURATION: (
        "vivid / brilliant; vibrant / vivid color; intense / highly intense; muted /"
        " understated; dull / lackluster; faded / weathered; soft / mild; soft / mellow;"
        " balanced / even; moderate / normal; bold / forceful; subdued / restrained;"
        " saturated / richly saturated; pastel / powdery; vivid / dazzling; desaturated /"
        " low color; gentle / tender; strong / powerful; washed out / bleached out; intense"
        " / extreme"
    ),
    Element.DETAIL: (
        "plain / unadorned; minimal / minimalistic; simple / simplistic; sparse / scarce;"
        " rich / abundant; ornate / ornamental; detailed / thorough; intricate / elaborate"
        " design; complex / sophisticated; moderate / modest; bare / naked; ornate /"
        " embellished; intricate / labyrinthine; plain / blank; detailed / precise;"
        " elaborate / fancy; medium / intermediate"
    ),
}
SECOND_DIFFERENT: Final[PairsText] = {
    Element.ART_STYLE: (
        "expressionism / impressionist; classicism / romanticism; rococo / gothic; cubism /"
        " fauvism; manga / comic; street art / folk art; concept art / pixel art; abstract"
        " expressionism / impressionism; dadaism / surrealism; realism / idealism; symbolism"
        " / realism; post impressionism / impressionism; neo classicism / classicism;"
        " modernism / postmodernism; fantasy / science fiction; retro / futuristic; naive"
        " art / fine art; stained glass / mosaic"
    ),
    Element.COLOR: (
        "green / red; dark green / light green; teal / emerald; navy / black; gold /"
        " silver; azure / blue; magenta / pink; cream / brown; turquoise / green; yellow /"
        " lime; deep red / red; bright blue / blue; orange and blue / orange and black;"
        " maroon / magenta; gray / white; warm gray / cool gray; red / dark red"
    ),
    Element.MEDIUM: (
        "acrylic painting / watercolor painting; pen drawing / pencil drawing; digital"
        " photograph / digital painting; etching / lithograph; silkscreen / embroidery; clay"
        " sculpture / marble sculpture; oil pastel / oil painting; film photograph / digital"
        " photograph; wood carving / wood print; charcoal drawing / ink drawing; fresco /"
        " mosaic; crayon / chalk; 3d render / pencil sketch; gouache / oil; paper collage /"
        " paper sculpture; photograph / drawing"
    ),
    Element.SATURATION: (
        "vibrant / dull; intense / pale; bright / gloomy; faded / vivid; strong / weak;"
        " soft / harsh; oversaturated / undersaturated; rich / poor; warm / cold; high"
        " contrast / low contrast; bold / delicate; balanced / extreme; vivid / subtle;"
        " saturated / unsaturated; light / deep; muted / loud; gentle / fierce; highly"
        " saturated / slightly saturated"
    ),
    Element.DETAIL: (
        "plain / ornate; simple / elaborate; sparse / dense; rough / detailed; blurry /"
        " sharp; minimal / maximal; low / high; few details / many details; smooth /"
        " textured; basic / complex; empty / crowded; detailed / undetailed; moderate /"
        " excessive; clean / cluttered; rich / poor; highly detailed / slightly detailed"
    ),
}
HELD_OUT_SAME: Final[PairsText] = {
    Element.ART_STYLE: (
        "constructivism / constructivist; suprematism / suprematist; art brut / art brut"
        " style; storybook / storybook illustration; chibi / chibi style; hyperrealism /"
        " hyperrealistic; ukiyo e / ukiyo e print; geometric / geometric art; doodle /"
        " doodling; mannerism / mannerist; psychedelic / psychedelic art; cyberpunk /"
        " cyberpunk style"
    ),
    Element.COLOR: (
        "brown / brown tones; indigo / indigo color; coral / coral hues; lavender / lilac;"
        " ivory / off white; earth color / earth tone; grayscale / gray scale; rust / rusty"
        " red; khaki / olive; jewel tones / jewel colors; black / jet black; sky blue / sky"
        " blue color"
    ),
    Element.MEDIUM: (
        "airbrush / airbrushed; ceramic / ceramics; felt / felted wool; stencil /"
        " stenciled; engraving / engraved print; spray paint / spray painted; tapestry /"
        " woven tapestry; chalk / chalk drawing; digital photo / digital photography;"
        " papercut / paper cutting; enamel / enamel paint; photo collage / photographic"
        " collage"
    ),
    Element.SATURATION: (
        "vivid / glowing; vibrant / energetic; intense / fiery; muted / hushed; dull /"
        " dreary; faded / worn out; soft / smooth; balanced / equal; bold / daring; subdued"
        " / quiet; strong / mighty; delicate / fragile; pale / pallid; desaturated /"
        " desaturated colors; vivid / lifelike"
    ),
    Element.DETAIL: (
        "plain / ordinary; minimal / minimum; simple / easy; sparse / scant; rich /"
        " wealthy; ornate / decorated richly; detailed / comprehensive; intricate / complex"
        " pattern; bare / stripped; elaborate / detailed; moderate / average; complex /"
        " complicated; plain / plain design"
    ),
}
HELD_OUT_DIFFERENT: Final[PairsText] = {
    Element.ART_STYLE: (
        "constructivism / deconstructivism; hyperrealism / surrealism; chibi / manga;"
        " geometric / organic; mannerism / baroque; cyberpunk / steampunk; suprematism /"
        " cubism; tribal art / digital art; realism / magical realism; rococo /"
        " neoclassical; street art / op art; medieval / renaissance; vaporwave / cyberpunk;"
        " primitivism / modernism"
    ),
    Element.COLOR: (
        "brown / black; coral / salmon red; indigo / violet; lavender / rose; ivory /"
        " ebony; mint green / forest green; hot pink / pink; pale blue / pale green; gray /"
        " green; olive / orange; black and gold / black and silver; yellow / gold; dark /"
        " bright; cyan / magenta; blue / green"
    ),
    Element.MEDIUM: (
        "ceramic sculpture / bronze sculpture; felt / silk; chalk drawing / charcoal"
        " drawing; digital collage / paper collage; ink painting / oil painting; pen /"
        " brush; tapestry / carpet; photo / video; stencil / stamp; watercolor pencil /"
        " watercolor; glass / ceramic; engraving / embossing; wood sculpture / wood"
        " engraving; airbrush / brush"
    ),
    Element.SATURATION: (
        "vivid / faint; vibrant / faded; intense / relaxed; muted / bold; dull / brilliant;"
        " soft / firm; pale / colorful; gentle / rude; washed out / saturated; natural /"
        " supernatural; balanced / biased; strong / fragile; pastel / neon; low / medium;"
        " moderate / radical; subdued / energetic; delicate / tough"
    ),
    Element.DETAIL: (
        "plain / decorated; minimal / significant; simple / intricate; bare / lush; sparse"
        " / busy; rich / humble; detailed / general; ornate / modest; elaborate / basic;"
        " complex / trivial; moderate / extensive; medium / large; intricate / clear; low /"
        " elaborate; plain / scenic"
    ),
}


def pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a text."""
    return [tuple(pair.strip().split(" / ", 1)) for pair in text.split(";")]  # type: ignore[misc]
