"""README says what the code says: its table of settings, its drawing, its pictures and its links."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from meldingen.cli import main
from meldingen.domain.diagram import draw

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    """Mend it with `meldingen instellingen`."""
    told = CliRunner().invoke(main, ["instellingen"]).output
    assert told.count("\n") > 20
    assert f"\n\n{told}\n" in README


def test_the_drawing_is_the_one_of_the_code() -> None:
    """Mend it with `meldingen diagram`, and copy its first drawing."""
    drawing = draw().split("```mermaid\n")[1].split("```")[0]
    assert f"```mermaid\n{drawing}```" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_command_that_is_named_exists() -> None:
    """Each `meldingen x y` in the papers, whatever follows it, has a --help."""
    groups = ("account", "beheer", "beheer regel", "import", "outbox", "push", "sleutel")
    named = set()
    for page in PAGES:
        for line in re.findall(
            r"(?<![/\w.])meldingen ((?:[a-z]+ ?){1,3})", _commands(page.read_text(encoding="utf-8"))
        ):
            words = line.split()
            while len(words) > 1 and " ".join(words[:-1]) not in groups:
                words.pop()
            named.add(tuple(words))
    assert ("import", "gebieden") in named
    assert [words for words in sorted(named) if CliRunner().invoke(main, [*words, "--help"]).exit_code] == []


def _commands(text: str) -> str:
    """What stands in code: lines of sh blocks that begin with the program, and spans of one command."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    lines = [line for line in blocks.splitlines() if line.startswith("meldingen ")]
    return "\n".join([*lines, *re.findall(r"(?<!`)`(meldingen [^`\n]+)`", text)])


def test_pictures_are_few_and_small() -> None:
    pictures = sorted((ROOT / "docs/beelden").glob("*.png"))
    shown = set(re.findall(r"docs/beelden/([\w-]+\.png)", README))
    assert {picture.name for picture in pictures} == shown
    assert len(pictures) <= 12 and all(picture.stat().st_size <= 60_000 for picture in pictures)
