"""Variants of the slot `fit_predict`."""
