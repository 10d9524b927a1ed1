"""Variants of the slot `target`."""
