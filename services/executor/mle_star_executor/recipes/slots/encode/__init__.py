"""Variants of the slot `encode`."""
