"""MLE-STAR: an autonomous machine-learning engineer."""

__version__ = "0.1.0"
