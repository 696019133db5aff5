"""The page of a document: everything escaped, colours that can be read and told apart, and a look by a browser."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from secclass import CrimeType, Document, Sentence, Stance, Tagger, _html

TEXT = (
    "The ministers agreed to fight drug trafficking. & <b>so</b>.  \"Money laundering\" is a grave threat to 'us'.\n\n"
    "He urged </div></style><script>document.title='hacked'</script> banks to act against money laundering.\n"
    f"A {'very' * 60}long word. Wo ist der nächste Bahnhof, bitte sehr? They met on Monday."
)


class Reader(HTMLParser):
    """What a page shows, and what it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.shown = ""
        self.hover: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._inside = tag
        self.hover += [value or "" for name, value in attrs if name == "title"]
        assert {name for name, _ in attrs} <= {"class", "title", "lang", "charset", "name", "content"}

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("", "div", "mark"):
            self.shown += data


def test_the_whole_text_is_shown_and_nothing_in_it_is_markup(tagger: Tagger) -> None:
    doc = tagger.tag(TEXT)
    page = Reader(doc.to_html())
    assert page.tags == {"html", "meta", "title", "style", "div", "mark", "b", "i"}
    assert TEXT.replace(" ", "") in page.shown.replace(" ", "")
    assert len(page.hover) == len(doc)
    assert "Illicit drugs 0.9" in page.hover[0]
    assert Reader(doc._repr_html_()).tags == {"style", "div", "mark", "b", "i"}


def test_labels_reasons_and_doubts_are_named() -> None:
    scores = {CrimeType.TERRORISM: 0.5, CrimeType.CORRUPTION: 0.01}, {Stance.PROPOSAL: 0.9}
    labels = (CrimeType.TERRORISM,), (Stance.PROPOSAL,)
    html = Document("x y", (Sentence("x", 0, 1, *labels, *scores, unsure=labels[0]),)).to_html()
    assert (
        '<mark class="proposal unsure" title="Proposal 0.90\nTerrorism and violent extremism 0.50 (unsure)">x' in html
    )
    assert '<b class="stance proposal">Proposal</b><b class="violence">Terrorism and violent extremism ?</b> y' in html
    outside = Document("x", (Sentence("x", 0, 1, (), (), {}, {}, reason="not prose"),))
    assert '<mark class="" title="">x</mark><i>not prose</i>' in outside.to_html()


def test_every_label_has_a_colour() -> None:
    assert set(_html._KIND_OF) == {*CrimeType, *Stance}
    assert {kind.split()[-1] for kind in _html._KIND_OF.values()} <= set(_html._COLOURS)


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""
    light = [float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other)]
    return max(light) / min(light)


# Machado, Oliveira and Fernandes (2009), full severity: how three kinds of colour-blind readers see linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritan": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb.clip(0, 1)
    root = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read_and_told_apart(place: int) -> None:
    colours = {name: pair[place] for name, pair in _html._COLOURS.items()}
    for stance in Stance:
        assert contrast(colours["text"], colours[stance]) >= 4.5
    for family in _html._FAMILIES:
        assert contrast(colours["ground"], colours[family]) >= 4.5
    for matrix in BLINDNESS.values():
        for group in (list(_html._FAMILIES), [*Stance, "ground"]):
            for one, other in itertools.combinations(group, 2):
                seen = [lab(matrix @ linear(colours[name])) for name in (one, other)]
                assert np.linalg.norm(seen[0] - seen[1]) >= 10, (one, other)


def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if found is None:
        missing = "no Chromium was found: apt-get install chromium"
        if os.environ.get("SECCLASS_TESTS") == "all":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


MEASURE = """<!doctype html><body><script>
const widths = [360, 1280];
const seen = [];
for (const width of widths) {
  const frame = document.createElement('iframe');
  frame.style.cssText = `width:${width}px;height:600px;border:0`;
  frame.onload = () => {
    const page = frame.contentDocument, mark = page.querySelector('mark.agreement');
    const style = node => frame.contentWindow.getComputedStyle(node);
    seen.push(`${width}:${page.documentElement.scrollWidth}:${style(mark).backgroundColor}:` +
      `${style(page.body).backgroundColor}:${page.title}`);
    if (seen.length === widths.length) document.documentElement.innerHTML = seen.sort().join('|');
  };
  frame.srcdoc = PAGE;
  document.body.append(frame);
}
</script>"""


def test_a_browser_shows_it_on_phone_and_desktop_in_light_and_dark(tagger: Tagger, tmp_path: Path) -> None:
    page = tagger.tag(TEXT).to_html()
    (tmp_path / "measure.html").write_text(
        MEASURE.replace("PAGE", json.dumps(page).replace("</", "<\\/")), encoding="utf-8"
    )
    for scheme, place in (("1", 0), ("0", 1)):
        command = [
            browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        command += [f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom", str(tmp_path / "measure.html")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        found = done.stdout.split("<body>")[-1].split("</body>")[0].split("|")
        assert len(found) == 2, done.stdout + done.stderr
        for line, width in zip(sorted(found), (1280, 360), strict=True):
            ground, text = (rgb(_html._COLOURS[name][place]) for name in ("ground", "agreement"))
            assert line == f"{width}:{width}:{text}:{ground}:secclass"


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"
