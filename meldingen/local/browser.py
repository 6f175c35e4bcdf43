"""Chromium for the browser tests: the machine's, else installed by root, else unpacked from Debian packages with its
own libraries."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from meldingen.local import apt
from meldingen.local.places import Places, make_folder
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, run

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PRUNED = (
    "adduser",
    "systemd*",
    "libsystemd-shared",
    "dbus*",
    "xdg-utils",
    "mesa-vulkan*",
    "libllvm*",
    "upower",
    "udev",
)
CHECKS = ("usr/lib/chromium/chromium",)
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

WRAPPER = """\
#!/bin/sh
here="{root}"
export LD_LIBRARY_PATH="{libraries}"
export FONTCONFIG_FILE="{fonts}"
export XDG_DATA_DIRS="$here/usr/share:/usr/local/share:/usr/share"
exec "$here/usr/lib/chromium/chromium" "$@"
"""
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{root}/usr/share/fonts</dir><cachedir>{root}/fontcache</cachedir></fontcon
fig>
"""


def obtain(places: Places) -> Path:
    """Find or fetch Chromium and prove that it starts. Raises SetupProblem."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        if not works(Path(chosen)):
            raise SetupProblem(
                f"CHROMIUM={chosen} start niet: laat de variabele weg of wijs een werkende Chromium aan."
            )
        return Path(chosen)
    found = on_machine()
    if found is not None:
        return found
    if not apt.available():
        raise SetupProblem(
            "Ik vind hier geen Chromium voor de browsertests: installeer die, of zet CHROMIUM op het programma."
        )
    if os.geteuid() == 0:
        install_as_root(places)
        found = on_machine()
        if found is not None:
            return found
    return unpacked(places)


def on_machine() -> Path | None:
    """A Chromium or Chrome that is installed and starts."""
    candidates = [shutil.which(name) for name in NAMES]
    candidates.append(MAC)
    return next((Path(path) for path in candidates if path and Path(path).exists() and works(Path(path))), None)


def works(program: Path) -> bool:
    """Whether the program starts at all."""
    try:
        return re.search(r"\d+\.\d+", run([program, "--version"], timeout_s=60)) is not None
    except CommandFailed:
        return False


def install_as_root(places: Places) -> None:
    """Install the system's package, with fresh package lists when the present ones do not do; failing leaves it to
    unpacking."""
    log = places.logs / "chromium.log"
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]
    for argv in (install, ["apt-get", "update"], install):
        try:
            run(argv, env=env, log=log)
        except CommandFailed:
            continue
        if argv is install:
            return


def unpacked(places: Places) -> Path:
    """Unpack Chromium and everything it needs under `.lokaal` and write the program that starts it there."""
    target = places.local / "apt" / "chromium"
    make_folder(target.parent, 0o755)
    private = apt.PrivateApt(target.with_name("chromium-apt"), places.logs / "apt-chromium.log")
    apt.unpack(private, target, packages, PRUNED, CHECKS)
    fonts = places.local / "apt" / "chromium-fonts.conf"
    fonts.write_text(FONTS.format(root=target), encoding="utf-8")
    program = make_folder(places.local / "bin") / "chromium"
    text = WRAPPER.format(root=target, libraries=apt.library_path(target), fonts=fonts)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    if not works(program):
        raise SetupProblem(
            f"De uitgepakte Chromium start niet: installeer Chromium (apt-get install chromium); zie {private.log}"
        )
    return program


def packages(search: apt.Search) -> list[str]:
    """Debian's browser with a font to show text in; Ubuntu's package of that name only points to a snap, which we
    cannot unpack."""
    return ["chromium", "fonts-liberation"] if re.search("^chromium ", search("^chromium$"), re.MULTILINE) else []
