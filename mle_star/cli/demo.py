"""`mle-star demo`: the main job on real data, with the answers at hand to check the score."""

from __future__ import annotations

from pathlib import Path

from mle_star.cli.exits import errors_end_the_command
from mle_star.cli.run import end_as, print_result, solve

MINUTES = 0.3


def demo() -> None:
    """Solve scikit-learn's breast cancer data as a competition, and grade it on test answers that were held back."""
    from mle_star.api import datasets  # noqa: PLC0415

    dataset = datasets.dataset_named("breast-cancer")
    folder = Path("demo") / dataset.name
    with errors_end_the_command():
        answers = datasets.lay_out(dataset, folder)
        result = solve(dataset.name, data_dir=folder, minutes=MINUTES)
        print_result(result)
        submission = result["result"]["submission"]
        if submission is not None:
            score = datasets.grade(dataset, Path(submission), answers)
            print(f"grade       {score:.5f} ({dataset.metric} on the answers in {answers}, which nothing else read)")
    end_as(result)
