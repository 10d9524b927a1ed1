"""Scores, checks and blends; keeps the labels."""
