"""Factor packs: data with a publisher, a licence and a digest."""

from vcci.packs.library import PackLibrary, default_names

__all__ = ["PackLibrary", "default_names"]
