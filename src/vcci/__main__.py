"""`python -m vcci` is the same program as `vcci`."""

from vcci.cli import main

main()
