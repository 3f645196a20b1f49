"""Placeholder pictures of lights as SVG: the same words always give the same bytes."""

from hashlib import sha256
from typing import NamedTuple

from django.template.loader import render_to_string

SITES = ("rock", "headland", "pier", "ship")


class Sky(NamedTuple):
    """The colours of an hour, and how high its sun or moon stands."""

    top: str
    middle: str
    low: str
    hills: str
    sea: str
    deep: str
    rock: str
    orb: str
    orb_y: int
    window: str = "#39434b"
    lamp: str = "#9fbcc2"
    dark: bool = False
    stars: bool = False
    fog: bool = False


class Tower(NamedTuple):
    """The colours of a tower or hull; `repeat` is the height of two bands as a part of it."""

    body: str
    band: str
    repeat: str


LIT = {"window": "#ffd982", "lamp": "#ffe9b0", "dark": True}
SKIES = {
    "dawn": Sky(
        *("#7fa3b8", "#f0cdb3", "#fbe8cf", "#a9a5ac", "#8fb0b8", "#4c7583", "#4a4a52"),
        *("#fff4da", 352),
    ),
    "day": Sky(
        *("#6fa8c4", "#b9d8df", "#eef3e6", "#90aeb0", "#5f9aab", "#2d6478", "#4d5450"),
        *("#fffbe8", 120),
    ),
    "dusk": Sky(
        *("#24395c", "#b0617a", "#f3a86b", "#57466a", "#6a5f82", "#25304f", "#1f2236"),
        *("#ffdca0", 366),
        **LIT,
    ),
    "night": Sky(
        *("#08142b", "#14294a", "#2f4f70", "#142540", "#1b3856", "#081528", "#060d1a"),
        *("#f4ecd2", 150),
        **LIT,
        stars=True,
    ),
    "fog": Sky(
        *("#a9b7ba", "#c6cfcd", "#dde1da", "#b4bfbf", "#9fb0b1", "#71878a", "#5d686a"),
        *("#f3f1e4", 170),
        fog=True,
    ),
}
TOWERS = {
    "red bands": Tower("#f4efe4", "#b6402f", ".286"),
    "black bands": Tower("#f1ede3", "#23272e", ".4"),
    "green bands": Tower("#f1ede3", "#2f6b57", ".4"),
    "white": Tower("#f6f2e9", "#f6f2e9", "1"),
    "red": Tower("#b6402f", "#f4efe4", ".667"),
    "stone": Tower("#b9ab95", "#a39580", ".18"),
}


def draw(*, name: str, site: str, sky: str, tower: str) -> bytes:
    """Return the picture of a light on one of SITES, in one of SKIES, painted as in TOWERS."""
    chance = sha256(name.encode()).digest()
    scene = {
        "site": f"catalogue/drawing/{site}.svg",
        "sky": SKIES[sky],
        "tower": TOWERS[tower],
        "shift": chance[0],
        "orb_x": 110 + chance[1],
    }
    return render_to_string("catalogue/drawing/scene.svg", scene).encode()
