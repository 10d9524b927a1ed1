"""From a folder of competition data to what is to be predicted, how it is scored, and how rows are held out."""

from mle_star_orchestrator.intake.intake import take_in

__all__ = ["take_in"]
