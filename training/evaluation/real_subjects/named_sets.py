"""List the sets of real pictures whose subjects are known, by package."""

from dataclasses import replace
from typing import Final

from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, PictureSet, Use
from training.evaluation.real_subjects.named_set import NamedSet

_STAMPS: Final = "usr/share/tuxpaint/stamps"
_GCOMPRIS: Final = "usr/share/gcompris-qt/rcc"
_BY_NAME: Final = {picture_set.name: picture_set for picture_set in PICTURE_SETS}
_MAMMALS: Final = {
    "dog": "dog dogs beagle bulldog puppy cane",
    "fox": "fox volpe",
    "cat": "cat kitten blackcat gatto",
    "big cat": "tiger tigre lion leopard jaguar cheetah leone",
    "bear": "bear panda orso",
    "rabbit": "rabbit hare coniglio",
    "rodent": "squirrel beaver marmot rat mouse capybara porcupine hamster topo",
    "horse": "horse cavallo pony stallion",
    "zebra": "zebra",
    "pig": "pig wildboar boar warthog maiale piglet",
    "cattle": "cow bull bison zebu yak buffalo calf ox mucca toro",
    "sheep": "sheep ram lamb pecora",
    "camel": "camel camels dromedary cammello",
    "primate": "gorilla chimp orangutan baboon monkey macaque gibbon lemur ape",
    "elephant": "elephant elefante elefantone",
    "bird": "falcon crow",
}


def _stamps(subject: str, folder: str, *without: str) -> PictureSet:
    return PictureSet(
        "tuxpaint-stamps-default", "photograph", subject, "development",
        f"{_STAMPS}/{folder}/**/*.png", ("cartoon", "toys", "plastic", *without),
    )  # fmt: skip


def _gcompris(kind: str, subject: str, pattern: str) -> PictureSet:
    return PictureSet("gcompris-qt-data", kind, subject, "held_out", f"{_GCOMPRIS}/{pattern}")


def _known(name: str) -> PictureSet:
    """A set with which the rankings are measured too."""
    return _BY_NAME[name]


NAMED_SETS: Final = (
    NamedSet(_known("tuxpaint-stamps-default/photograph/birds"), "bird"),
    NamedSet(_known("tuxpaint-stamps-default/photograph/flowers"), "flower"),
    NamedSet(_known("tuxpaint-stamps-default/photograph/mammals"), "mammal", _MAMMALS),
    NamedSet(
        _known("tuxpaint-stamps-default/photograph/vehicles"), "vehicle",
        {
            "car": "sedan beetle sportscar hummer indycar", "truck": "truck firetruck garbagetruck",
            "bus": "bus", "train": "locomotive train", "boat": "boat ship walnutboat",
            "bicycle": "bicycle", "motorcycle": "motorcycle", "aircraft": "plane jet biplane 747",
        },
    ),
    NamedSet(_known("tuxpaint-stamps-default/photograph/fruit"), "fruit"),
    NamedSet(_known("tuxpaint-stamps-default/photograph/vegetables"), "vegetable"),
    NamedSet(
        _stamps("fish", "animals/fish"), "fish",
        {"crustacean": "lobster shrimp crab prawn"},
    ),
    NamedSet(
        _stamps("insects", "animals/insects"), "insect",
        {
            "butterfly": "butterfly xanthia monarch", "spider": "spider",
            "animal": "slug worm snail woodlouse centipede scorpion",
        },
    ),
    NamedSet(_stamps("music", "hobbies/music"), "musical instrument", {
        "guitar": "guitar bass banjo ukulele", "piano": "piano", "violin": "violin",
    }),
    NamedSet(_stamps("tools", "household/tools"), "tool"),
    NamedSet(_stamps("sports", "sports"), "", {"ball": "ball basketball football soccer rules"}),
    NamedSet(_stamps("symbols", "symbols")),
    NamedSet(_stamps("houses and monuments", "town", "roadsigns", "flags"), "building"),
    NamedSet(_known("openclipart-png/clip art/birds"), "bird"),
    NamedSet(_known("openclipart-png/clip art/mammals"), "mammal", _MAMMALS),
    NamedSet(_known("openclipart-png/clip art/flowers"), "flower"),
    NamedSet(_known("openclipart-png/clip art/fruit"), "fruit"),
    NamedSet(
        _known("openclipart-png/clip art/vehicles"), "vehicle",
        {
            "car": "car hummer sportcar", "truck": "truck lorry", "bus": "bus", "train": "train",
            "aircraft": "aircraft plane", "boat": "boat trawler ship",
        },
    ),
    NamedSet(_known("openclipart-png/clip art/buildings"), "building", {"church": "church"}),
    NamedSet(_known("openclipart-png/clip art/tools"), "tool"),
    NamedSet(_known("openclipart-png/clip art/people")),
    NamedSet(
        replace(
            _known("openclipart-png/clip art/tools"), subject="signs and shapes",
            pattern="usr/share/openclipart/png/s*/**/*.png",
        )
    ),
    NamedSet(
        _known("wesnoth-1.16-data/painting/portraits"), "",
        {
            **_MAMMALS, "mammal": "wolf stoat rat nightmare gryphon",
            "animal": "scorpion scuttler", "insect": "ant", "reptile": "crocodile serpent",
            "horse": "horse stallion horseman cavalryman",
        },
    ),
    NamedSet(_known("wesnoth-1.16-data/pixel art/figures"), "", _MAMMALS),
    NamedSet(_known("endless-sky-data/3D render/spaceships"), "vehicle"),
    NamedSet(
        PictureSet(
            "endless-sky-data", "photograph", "landscapes", "development",
            "usr/share/games/endless-sky/images/land/*.jpg", ("city", "station", "loc"),
        ),
        "mountain, coast",
    ),
    NamedSet(
        _gcompris("photograph", "animals", "erase.rcc!**/erase/resource/*.webp"), "mammal",
        {
            **_MAMMALS, "primate": "gorilla macaque gibbon long nosed monkey",
            "bird": "harrier penguin swans kingfisher heron toucan gosling spoonbills",
            "insect": "caterpillar bee", "butterfly": "butterfly", "reptile": "chamaeleon",
            "crustacean": "crab",
        },
    ),
    NamedSet(
        _gcompris("photograph", "world animals", "explore_world_animals.rcc!**/animals/*.webp"),
        "mammal",
        {
            **_MAMMALS, "reptile": "crocodile dragon chameleon", "bird": "macaw",
            "bear": "panda polar",
        },
    ),
    NamedSet(
        _gcompris("photograph", "farm animals", "explore_farm_animals.rcc!**/animals/*.webp"),
        "mammal", {**_MAMMALS, "bird": "chicken duck owl"},
    ),
    NamedSet(_known("gcompris-qt-data/photograph/fish"), "fish"),
    NamedSet(
        replace(
            _gcompris("photograph", "fish cut out", "clickgame.rcc!**/resource/*.webp"),
            without=("/sea",),
        ),
        "fish",
    ),
    NamedSet(
        _known("gcompris-qt-data/photograph/monuments"), "building",
        {"church": "cathedral", "mountain": "mountrushmore"},
    ),
    NamedSet(
        _gcompris("photograph", "more monuments", "explore_monuments.rcc!**/resource/*/*.webp"),
        "building",
        {
            "church": "reimscathedral berlincathedral wormscathedral",
            "castle": (
                "chateaudechambord chateaudechenonceau citedecarcassonne neuschwansteincastle"
                " palaisdespapes schwerinpalace castillodesanmarcos castleclinton"
            ),
            "bridge": "pontdugard",
            "coast": "montstmichel", "mountain": "canyondechelly mountrushmore machupicchu navajo",
            "building": "montstmichel machupicchu navajo rocamadour",
        },
    ),
    NamedSet(_known("gcompris-qt-data/photograph/tools"), "tool"),
    NamedSet(_known("gcompris-qt-data/photograph/wind and water power"), "building, landscape"),
    NamedSet(
        _gcompris("photograph", "other things", "categorization.rcc!**/others/*.webp"), "",
        {"ball": "baseball volleyball", "building": "igloo"},
    ),
    NamedSet(
        _gcompris("photograph", "music", "explore_world_music.rcc!**/music/*.webp"),
        "musical instrument", {"guitar": "america mexico"},
    ),
    NamedSet(_known("gcompris-qt-data/painting/paintings")),
    NamedSet(
        _known("gcompris-qt-data/drawing/words"), "",
        {
            **_MAMMALS, "mammal": "hippopotamus giraffe whale wolf dolphin rhinoceros hedgehog"
            " kangaroo animal", "bird": "bird chicken duck turkey owl", "fish": "fish shark",
            "insect": "beetle mosquito bee bug flies", "butterfly": "butterfly",
            "reptile": "turtle lizard snake reptile dragon", "amphibian": "frog",
            "spider": "spider", "animal": "snail",
            "fruit": "fruit coconut apple lemon melon strawberry raspberry pear peach apricot plum"
            " orange kiwi",
        },
    ),
    NamedSet(_known("hedgewars-data/game art/scenery")),
    NamedSet(
        PictureSet(
            "hedgewars-data", "game art", "hats and figures", "held_out",
            "usr/share/games/hedgewars/Data/Graphics/**/*.png",
        )
    ),
)  # fmt: skip


def sets_for(use: Use) -> tuple[NamedSet, ...]:
    return tuple(named for named in NAMED_SETS if named.pictures.use == use)
