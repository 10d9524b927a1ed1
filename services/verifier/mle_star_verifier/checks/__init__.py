"""What may be wrong with predictions and submissions, and what can be put right without guessing."""
