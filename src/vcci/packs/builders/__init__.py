"""Builders: from the publishers' files to packs, byte for byte the same each time."""
