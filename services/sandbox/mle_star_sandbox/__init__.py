"""Runs one program in one disposable box."""
