"""The only door to the planner's model; recipes when there is none."""
