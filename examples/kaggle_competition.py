"""Titanic from its name, or from a folder: `python examples/kaggle_competition.py [DATA_DIR] [MINUTES]`."""

import asyncio
import sys
from pathlib import Path

from mle_star.api.client import MLEStarClient
from mle_star.api.errors import MLEStarError


async def main() -> None:
    data_dir = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else None
    async with MLEStarClient.from_env() as client:
        result = await client.execute_kaggle_competition("titanic", data_dir=data_dir, minutes=minutes)

    print(f"Status: {result['status']}")
    if result["status"] == "success":
        verification = result["result"]["verification"]
        print(f"Score: {verification['score']:.4f} ({verification['metric']}, on held-out rows)")
        print(f"Submission: {result['result']['submission']}")
        print(f"Solution: {result['result']['solution']}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except MLEStarError as error:
        sys.exit(f"{type(error).__name__}: {error}")
