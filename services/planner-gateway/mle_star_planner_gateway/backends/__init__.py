"""What can answer for a plan: each rung is one module."""
