"""Every figure that this project tells comes from here. Each benchmark prints a table; none is a test."""
