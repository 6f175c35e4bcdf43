"""Debian packages unpacked into a folder of our own: no root, nothing installed on the system, signatures still
checked by apt.

The resolver is given an empty list of installed packages, so that a machine that already has a part (PostgreSQL
without PostGIS) still yields a whole set. What the system surely has (libc6 and its like) and what we never use
(GDAL, LLVM, Perl) is cut out of the tree.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meldingen.local.places import make_folder
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run

SYSTEM_LISTS = Path("/var/lib/apt/lists")
COMPLETE = ".compleet"
Search = Callable[[str], str]
NEVER = (
    "libc6",
    "libc-bin",
    "libcrypt1",
    "libgcc-s1",
    "gcc-*-base",
    "dpkg",
    "debconf*",
    "cdebconf*",
    "perl*",
    "libperl*",
    "usrmerge",
)
"""Part of every Debian, or only needed by installation scripts, which unpacking does not run."""

CONFIG = """\
Dir::State "{folder}/state";
Dir::State::lists "{lists}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Log "{folder}";
Debug::NoLocking "1";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb-src::Sources::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
"""


@dataclass(frozen=True)
class PrivateApt:
    """apt with its own state and cache under `folder`, one for each thing that is fetched, because they run side by
    side.

    The sources, keys and proxy settings stay the system's.
    """

    folder: Path
    log: Path
    system_lists: Path = SYSTEM_LISTS

    def ask(self, tool: str, *arguments: str, cwd: Path | None = None, own_lists: bool) -> str:
        """Run `apt-get` or `apt-cache` on our own state. Raises CommandFailed."""
        config = self.folder / ("own.conf" if own_lists else "system.conf")
        return run([tool, "-c", config, *arguments], log=self.log, cwd=cwd)

    def prepare(self) -> None:
        """Lay out an empty state: no package counts as installed."""
        for part in ("state/lists/partial", "cache/archives/partial"):
            make_folder(self.folder / part, 0o755)
        (self.folder / "status").write_text("", encoding="utf-8")
        for name, lists in (("own.conf", self.folder / "state" / "lists"), ("system.conf", self.system_lists)):
            sandbox = 'APT::Sandbox::User "root";\n' if os.geteuid() == 0 else ""
            text = CONFIG.format(folder=self.folder, lists=lists) + sandbox
            (self.folder / name).write_text(text, encoding="utf-8")

    def attempts(self) -> Iterable[bool]:
        """Which package lists to try, in order: the system's when it has them, then our own, fetched now."""
        if any(self.system_lists.glob("*_Packages*")):
            yield False
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        self.prepare()
        # A source that does not answer is no reason to stop: the resolver tells whether what we need was found.
        try:
            self.ask("apt-get", "update", own_lists=True)
        except CommandFailed as failure:
            if not any((self.folder / "state" / "lists").glob("*_Packages*")):
                raise problem("Ik kan de pakketlijsten van Debian niet ophalen: is er internet?", failure) from failure
        yield True


def available() -> bool:
    """Whether this is a machine whose packages we can unpack."""
    return all(shutil.which(tool) for tool in ("apt-get", "apt-cache", "dpkg-deb"))


def installs(simulation: str) -> list[str]:
    """The package names of the 'Inst' lines that `apt-get -s install` prints, in its order, without architecture
    suffix."""
    return [match[1] for match in re.finditer(r"^Inst ([a-z0-9][a-z0-9+.-]+)", simulation, re.MULTILINE)]


def dependencies(listing: str) -> dict[str, set[str]]:
    """Read `apt-cache depends --recurse`: per package the real packages it names, alternatives and providers
    included."""
    graph: dict[str, set[str]] = defaultdict(set)
    package = ""
    for line in listing.splitlines():
        name = line.replace("|", " ").strip().rpartition(" ")[2].partition(":")[0]
        if line[:1].strip():
            package = name
            graph[package] |= set()
        elif name and not name.startswith("<"):
            graph[package].add(name)
    return dict(graph)


def needed(
    wanted: Sequence[str], graph: Mapping[str, set[str]], resolved: Sequence[str], pruned: Sequence[str]
) -> list[str]:
    """What of `resolved` is reachable from `wanted` without passing through a pruned package (shell patterns), in
    order."""
    keep: set[str] = set()
    queue = list(wanted)
    while queue:
        name = queue.pop()
        cut = name not in wanted and any(fnmatch.fnmatchcase(name, pattern) for pattern in pruned)
        if name in keep or cut:
            continue
        keep.add(name)
        queue.extend(graph.get(name, ()))
    return [name for name in resolved if name in keep]


def newest_match(listing: str, pattern: str) -> str | None:
    """Of the names `apt-cache search` lists, the one with the highest number where `pattern` has its group."""
    found = [(int(match[1]), match[0]) for match in re.finditer(pattern, listing, re.MULTILINE)]
    return max(found)[1] if found else None


def fetch(apt: PrivateApt, target: Path, wanted: Sequence[str], prune: Sequence[str], *, own_lists: bool) -> int:
    """Download the trimmed set of `wanted` and unpack it into `target`, whole or not at all; return the bytes
    downloaded."""
    simulation = apt.ask("apt-get", "-s", "--no-install-recommends", "install", *wanted, own_lists=own_lists)
    flags = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    graph = dependencies(apt.ask("apt-cache", "depends", "--recurse", *flags, *wanted, own_lists=own_lists))
    names = needed(wanted, graph, installs(simulation), (*NEVER, *prune))
    debs = make_folder(apt.folder / "debs", 0o755)
    shutil.rmtree(debs, ignore_errors=True)
    make_folder(debs, 0o755)
    apt.ask("apt-get", "download", *names, cwd=debs, own_lists=own_lists)
    half = target.with_name(target.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    make_folder(half, 0o755)
    size = 0
    for deb in sorted(debs.glob("*.deb")):
        size += deb.stat().st_size
        run(["dpkg-deb", "-x", deb, half], log=apt.log)
    shutil.rmtree(target, ignore_errors=True)
    half.rename(target)
    shutil.rmtree(debs, ignore_errors=True)
    return size


def unpack(
    apt: PrivateApt,
    target: Path,
    choose: Callable[[Search], Sequence[str]],
    prune: Sequence[str],
    checks: Sequence[str],
) -> int:
    """Have the packages that `choose` names unpacked in `target`; return the bytes downloaded (0 when it was there
    already).

    `choose` is given a search in the package lists and returns nothing when these lists do not have it. `checks` are
    programs and libraries (patterns under `target`) that must find all their libraries; when the trimmed set leaves
    one out, the whole set is taken. A broken earlier attempt is thrown away and done again. Raises SetupProblem.
    """
    if (target / COMPLETE).exists():
        return 0
    apt.prepare()
    failure: CommandFailed | None = None
    for own_lists in apt.attempts():
        try:
            wanted = choose(lambda pattern, own=own_lists: apt.ask("apt-cache", "search", "-n", pattern, own_lists=own))  # type: ignore[misc]
            for cut in (prune, ()) if wanted else ():
                size = fetch(apt, target, wanted, cut, own_lists=own_lists)
                if not missing_libraries(target, checks):
                    (target / COMPLETE).touch()
                    for spent in ("cache", "state"):
                        shutil.rmtree(apt.folder / spent, ignore_errors=True)
                    return size
        except CommandFailed as error:
            failure = error
    if failure is not None:
        raise problem(f"Ik kan de pakketten voor {target.name} niet ophalen; zie {apt.log}", failure) from failure
    raise SetupProblem(f"Dit systeem biedt geen pakketten aan die hier werken voor {target.name}; zie {apt.log}")


def library_path(target: Path) -> str:
    """The folders with shared libraries under an unpacked root, for LD_LIBRARY_PATH."""
    tops = [target / "usr" / "lib", target / "lib"]
    folders = [found for top in tops for found in sorted(top.glob("*-linux-*")) if found.is_dir()]
    extra = [
        folder / part
        for folder in folders
        for part in ("blas", "lapack", "nss", "pulseaudio")
        if (folder / part).is_dir()
    ]
    return os.pathsep.join(str(folder) for folder in folders + extra)


def missing_libraries(target: Path, checks: Sequence[str]) -> list[str]:
    """The libraries that the files matching `checks` would not find at run time; a check without any file counts as
    missing."""
    missing: list[str] = []
    for pattern in checks:
        files = sorted(target.glob(pattern))
        if not files:
            missing.append(pattern)
        for file in files:
            env = dict(os.environ) | {"LD_LIBRARY_PATH": library_path(target), "LC_ALL": "C"}
            done = subprocess.run(
                ["ldd", file], env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
            )
            missing += re.findall(r"(\S+) => not found", done.stdout)
    return missing
