"""``python -m solweig``: the command line."""

from solweig.cli import main

main()
