"""`python3 -m meldingen.local COMMAND`: check the interpreter before anything newer than Python 3.6 is even parsed."""

import os
import shutil
import sys

OLDEST = (3, 11)


def main() -> None:
    """Hand over to a Python that is new enough, or say in one sentence which one to install."""
    if sys.version_info < OLDEST:
        for minor in (14, 13, 12, 11):
            newer = shutil.which("python3.%d" % minor)  # noqa: UP031
            if newer:
                os.execv(newer, [newer, "-m", "meldingen.local"] + sys.argv[1:])  # noqa: S606, RUF005
        sys.exit(
            "Python %d.%d is te oud voor Meldingen: installeer Python 3.11 of nieuwer "  # noqa: UP031
            "(Debian: apt-get install python3), en probeer het opnieuw." % sys.version_info[:2]
        )
    from meldingen.local.commands import run_command

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
