"""``python -m solweig``: the command line."""

from .cli import main

main()
