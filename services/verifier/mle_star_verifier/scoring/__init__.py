"""From held-out predictions to a score, how sure it is, and the decision that makes it best."""
