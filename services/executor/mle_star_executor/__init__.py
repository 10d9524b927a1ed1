"""Turns a strategy into a program and runs it in the sandbox."""
