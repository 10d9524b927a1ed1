"""MWS AI Agents 2026, a regression: `python examples/mws_ai_agents_competition.py [DATA_DIR] [MINUTES]`."""

import asyncio
import sys
from pathlib import Path

from mle_star.api.client import MLEStarClient
from mle_star.api.errors import MLEStarError
from mle_star.tasks.task import TaskView


def report(task: TaskView) -> None:
    best = f", best so far {task.best.score:.4f}" if task.best and task.best.score is not None else ""
    print(f"{task.progress:4.0%}  {task.phase}{best}")


async def main() -> None:
    data_dir = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else None
    async with MLEStarClient.from_env() as client:
        result = await client.execute_kaggle_competition(
            "mws-ai-agents-2026", data_dir, "mse", minutes=minutes, on_change=report
        )

    print(f"Status: {result['status']}")
    if result["status"] == "success":
        verification = result["result"]["verification"]
        print(f"Score: {verification['score']:.4f} ± {verification['standard_error'] or 0:.4f}")
        for strategy in result["result"]["strategies"]:
            print(f"  {strategy['title']}: {strategy['score']}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except MLEStarError as error:
        sys.exit(f"{type(error).__name__}: {error}")
