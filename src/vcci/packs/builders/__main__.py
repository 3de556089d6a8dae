"""`python -m vcci.packs.builders SOURCES [OUT]`: rebuild every pack from the publishers' files."""

import sys
from pathlib import Path

from vcci.packs.builders.build import build_all
from vcci.packs.library import SHIPPED

if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m vcci.packs.builders SOURCES [OUT]")
    out = Path(sys.argv[2]) if len(sys.argv) == 3 else SHIPPED
    for name in build_all(Path(sys.argv[1]), out):
        print(name)
