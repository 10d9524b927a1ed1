"""The STAR workflow: pure functions of a task's state and the time. No HTTP, no queue, no Redis."""
