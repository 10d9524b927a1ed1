"""What solutions are rendered from: `slots`, the `parts` that they share, and the `main` that drives them.

Their source is pasted into `solution.py`: here they may import each other and `mle_star.harness`, nothing else of ours.
"""
