"""What the services and a rendered solution do alike: read, split, blend, decide, render.

The source of these modules is pasted into every `solution.py`, so they import nothing of ours.
"""
