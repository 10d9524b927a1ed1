"""Variants of the slot `prepare`."""
