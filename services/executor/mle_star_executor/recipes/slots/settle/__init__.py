"""Variants of the slot `settle`."""
