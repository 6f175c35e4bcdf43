"""Leaving out of the design system what no page uses, and nothing more."""

from pathlib import Path

from meldingen.local import stylesheets

SHEET = """
/** @license EUPL-1.2 */
@charset "UTF-8";
.utrecht-button, .utrecht-accordion:is(.a, .b) { color: var(--utrecht-button-color); }
.utrecht-button--danger:hover { color: red; }
.utrecht-button--ready.utrecht-accordion { color: blue; }
@media (forced-colors: active) { .utrecht-button { border: 1px solid; } .utrecht-grid { gap: 0; } }
@media print { .utrecht-grid { gap: 0; } }
h1 { margin: 0; }
"""
THEME = """
/* Do not edit */
.voorbeeld-theme {
  --utrecht-button-color: var(--basis-color-ink);
  --basis-color-ink: var(--voorbeeld-violet-700); /* made by a machine; by hand */
  --voorbeeld-violet-700: #06283a;
  --basis-color-unused: red;
}
"""


def shrunk(tmp_path: Path, page: str) -> tuple[str, str]:
    files = [tmp_path / name for name in ("index.css", "theme.css", "pagina.html", "eigen.css")]
    for file, text in zip(files, (SHEET, THEME, page, ".x { color: var(--basis-color-ink); }"), strict=True):
        file.write_text(text)
    stylesheets.shrink(files[0], files[1], [files[2]], [files[3]])
    return files[0].read_text(), files[1].read_text()


def test_rules_stay_whose_classes_a_page_names(tmp_path: Path) -> None:
    rules, _ = shrunk(tmp_path, '<a class="utrecht-button{% if x %} big{% endif %}">')
    assert rules.splitlines() == [
        "/** @license EUPL-1.2 */",
        ".utrecht-button{color:var(--utrecht-button-color)}",
        "@media (forced-colors: active){.utrecht-button{border:1px solid}}",
        "h1{margin:0}",
    ]


def test_a_name_that_a_variable_ends_keeps_every_ending(tmp_path: Path) -> None:
    rules, _ = shrunk(tmp_path, '<a class="utrecht-button utrecht-button--{{ kind }}">')
    assert ".utrecht-button--danger:hover{color:red}" in rules
    assert "accordion" not in rules


def test_tokens_stay_that_are_referred_to_however_far(tmp_path: Path) -> None:
    _, tokens = shrunk(tmp_path, '<a class="utrecht-button">')
    assert tokens.splitlines() == [
        "/* Do not edit */",
        ".voorbeeld-theme{--utrecht-button-color:var(--basis-color-ink);--basis-color-ink:var(--voorbeeld-violet-700);"
        "--voorbeeld-violet-700:#06283a}",
    ]
