"""`python -m meldingen …` is the same as `meldingen …`."""

from .cli import main

main()
