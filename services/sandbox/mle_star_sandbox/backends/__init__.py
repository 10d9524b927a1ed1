"""The ways to make a box, behind one interface."""
