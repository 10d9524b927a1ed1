"""The whole stack on one machine: Redis, the five services and the workers, as one process group with one log."""
