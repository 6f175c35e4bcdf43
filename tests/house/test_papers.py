"""The papers of the project say what is true: publiccode.yml has what its standard asks, names meet the house."""

from pathlib import Path

import yaml

from meldingen.domain.diagram import draw

ROOT = Path(__file__).resolve().parent.parent.parent


def test_publiccode_has_what_the_standard_requires() -> None:
    """publiccode.yml 0.5, the keys that are mandatory there (OSS-01)."""
    paper = yaml.safe_load((ROOT / "publiccode.yml").read_text())
    needed = {"publiccodeYmlVersion", "name", "platforms", "categories", "developmentStatus", "softwareType"}
    needed |= {"description", "legal", "maintenance", "localisation"}
    assert needed <= paper.keys()
    assert paper["legal"]["license"] == "EUPL-1.2" and set(paper["description"]) == {"nl", "en"}
    for text in paper["description"].values():
        assert (
            len(text["shortDescription"]) <= 150 and 150 <= len(text["longDescription"]) <= 10000 and text["features"]
        )


def test_the_licence_is_the_one_we_name() -> None:
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in (ROOT / "LICENSE").read_text().upper().replace("V. 1.2", "v. 1.2")


def test_the_drawing_is_the_table() -> None:
    """Mend it with `meldingen diagram`."""
    assert (ROOT / "docs/klantreis.md").read_text() == draw()
