"""A task of one's own: `python examples/custom_ml_task.py [DATA_DIR] [MINUTES]`; its data comes with scikit-learn."""

import asyncio
import sys

from mle_star.api.client import MLEStarClient
from mle_star.api.errors import MLEStarError
from mle_star.tasks.task import Task, TaskType


async def main() -> None:
    task = Task(
        description="Train a classifier on the Iris dataset with accuracy > 0.95",
        task_type=TaskType.CLASSIFICATION,
        success_criteria=["Accuracy > 0.95", "Code runs without errors"],
        data_dir=sys.argv[1] if len(sys.argv) > 1 else None,
    )
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    async with MLEStarClient.from_env() as client:
        result = await client.execute_task(task, minutes=minutes)

    print(f"Status: {result['status']}")
    if result["status"] == "success":
        print(f"Score: {result['result']['verification']['score']}")
        for criterion, met in result["criteria"].items():
            print(f"  {criterion}: {'not something a score can tell' if met is None else met}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except MLEStarError as error:
        sys.exit(f"{type(error).__name__}: {error}")
