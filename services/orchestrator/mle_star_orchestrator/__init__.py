"""The public API, intake, the STAR workflow and its workers."""
