"""Competitions on texts, lists and labels of texts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.generated.shape import HATED, LOVED, PLAIN, Shape, cut, evaluated_on, said, sample_of


def pizza_requests(rng: np.random.Generator, rows: int) -> Shape:
    """JSON records; the test lacks what was known only later; texts, lists, a rare answer."""
    n = rows + rows // 2
    kind = rng.random(n)
    karma = rng.exponential(1000, n).round()
    given = rng.random(n) < 0.1 + 0.6 * (kind > 0.6)
    frame = pd.DataFrame(
        {
            "giver_username_if_known": np.where(given & (rng.random(n) < 0.3), "someone", "N/A"),
            "request_id": [f"t3_{place:05x}" for place in rng.permutation(1_000_000)[:n]],
            "request_text_edit_aware": [said(rng, liked, 30) for liked in kind],
            "request_title": ["[Request] " + said(rng, liked, 6) for liked in kind],
            "requester_account_age_in_days_at_request": rng.exponential(200, n),
            "requester_account_age_in_days_at_retrieval": rng.exponential(900, n),
            "requester_number_of_comments_at_request": rng.poisson(30, n),
            "requester_number_of_comments_at_retrieval": rng.poisson(60, n),
            "requester_received_pizza": given,
            "requester_subreddits_at_request": [list(map(str, rng.choice(PLAIN, rng.integers(0, 5)))) for _ in kind],
            "requester_upvotes_minus_downvotes_at_request": karma,
            "requester_user_flair": np.where(given, "shroom", None),
            "requester_username": [f"user{place}" for place in rng.permutation(n)],
            "unix_timestamp_of_request": rng.integers(1_300_000_000, 1_380_000_000, n),
        }
    )
    train, whole = cut(frame, rows)
    later = [column for column in frame if column.endswith("_at_retrieval")]
    test = whole.drop(columns=["requester_received_pizza", "requester_user_flair", *later])
    truth = whole[["request_id", "requester_received_pizza"]].astype({"requester_received_pizza": int})
    return Shape(
        train, test, sample_of(truth, requester_received_pizza=0), truth, "auc", ["requester_received_pizza"],
        evaluated_on("area under the ROC curve"), ("train.json", "test.json", "sampleSubmission.csv"),
    )  # fmt: skip


def movie_reviews(rng: np.random.Generator, rows: int) -> Shape:
    """Phrases of sentences in tab-separated files; the test's sentences are new; five ordered classes."""
    parts = []
    n, sentence = rows + rows // 3, 0
    while len(parts) < n:
        sentence += 1
        liked = rng.random()
        words = said(rng, liked, 14).split()
        for _ in range(8):
            start = int(rng.integers(0, 10))
            phrase = words[start : start + int(rng.integers(2, 14))] if parts and parts[-1][0] == sentence else words
            mood = sum((word in LOVED) - (word in HATED) for word in phrase)
            parts.append((sentence, " ".join(phrase), int(np.clip(2 + mood, 0, 4))))
    frame = pd.DataFrame(parts[:n], columns=["SentenceId", "Phrase", "Sentiment"])
    frame.insert(0, "PhraseId", np.arange(1, n + 1))
    border = int(frame.loc[rows, "SentenceId"])
    train = frame[frame["SentenceId"] < border].reset_index(drop=True)
    whole = frame[frame["SentenceId"] >= border].reset_index(drop=True)
    truth = whole[["PhraseId", "Sentiment"]]
    return Shape(
        train, whole.drop(columns="Sentiment"), sample_of(truth, Sentiment=2), truth, "accuracy", ["Sentiment"],
        "Submissions are evaluated on classification accuracy (the percent of labels that are predicted correctly).",
        ("train.tsv", "test.tsv", "sampleSubmission.csv"), split="group",
    )  # fmt: skip


def phrase_matching(rng: np.random.Generator, rows: int) -> Shape:
    """Pairs of short texts with a score in quarters, by correlation."""
    n = rows + rows // 4
    anchors = [" ".join(rng.choice(PLAIN, 4, replace=False)) for _ in range(max(6, n // 20))]
    anchor, target, score = [], [], []
    for _ in range(n):
        words = str(rng.choice(anchors)).split()
        shared = int(rng.integers(0, 5))
        other = words[:shared] + list(map(str, rng.choice(PLAIN, 4 - shared)))
        anchor.append(" ".join(words))
        target.append(" ".join(rng.permutation(other)))
        score.append(shared / 4)
    frame = pd.DataFrame(
        {
            "id": [f"{place:016x}" for place in rng.integers(0, 2**62, n)],
            "anchor": anchor,
            "target": target,
            "context": rng.choice(["A47", "B60", "C07", "G06", "H01"], n),
            "score": score,
        }
    )
    train, whole = cut(frame, rows)
    truth = whole[["id", "score"]]
    return Shape(
        train, whole.drop(columns="score"), sample_of(truth, score=0), truth, "pearson", ["score"],
        evaluated_on("the Pearson correlation coefficient"), has_signal=rows >= 2000,
    )  # fmt: skip


def question_pairs(rng: np.random.Generator, rows: int) -> Shape:
    """Pairs of questions; the id is called otherwise in the test than in training."""
    n = rows + rows // 2
    first = [" ".join(rng.choice(PLAIN, 7)) for _ in range(n)]
    same = rng.random(n) < 0.37
    second = [
        " ".join(rng.permutation(text.split()[: rng.integers(4, 8)] if alike else rng.choice(PLAIN, 7)))
        for text, alike in zip(first, same, strict=True)
    ]
    asked = {"question1": [text + "?" for text in first], "question2": [text + "?" for text in second]}
    numbers = {"id": np.arange(n), "qid1": 2 * np.arange(n) + 1, "qid2": 2 * np.arange(n) + 2}
    train, whole = cut(pd.DataFrame({**numbers, **asked, "is_duplicate": same.astype(int)}), rows)
    whole.insert(0, "test_id", np.arange(len(whole)))
    truth = whole[["test_id", "is_duplicate"]]
    return Shape(
        train, whole[["test_id", "question1", "question2"]], sample_of(truth, is_duplicate=0.5), truth,
        "log_loss", ["is_duplicate"], evaluated_on("the log loss"), has_signal=False,
    )  # fmt: skip


def tweet_spans(rng: np.random.Generator, rows: int) -> Shape:
    """The answer is a part of the text: the words that carry the mood; all of it where there is none."""
    n = rows + rows // 4
    mood = rng.choice(["neutral", "positive", "negative"], n, p=[0.4, 0.3, 0.3])
    texts, spans = [], []
    for feeling in mood:
        words = list(map(str, rng.choice(PLAIN, int(rng.integers(6, 18)))))
        if feeling == "neutral":
            texts.append(" ".join(words))
            spans.append(texts[-1])
            continue
        start, length = int(rng.integers(0, len(words) - 2)), int(rng.integers(1, 4))
        span = list(map(str, rng.choice(LOVED if feeling == "positive" else HATED, length)))
        texts.append(" ".join(words[:start] + span + words[start:]))
        spans.append(" ".join(span))
    frame = pd.DataFrame(
        {
            "textID": [f"{place:010x}" for place in rng.integers(0, 2**40, n)],
            "text": texts,
            "selected_text": spans,
            "sentiment": mood,
        }
    )
    train, whole = cut(frame, rows)
    truth = whole[["textID", "selected_text"]]
    return Shape(
        train, whole.drop(columns="selected_text"), sample_of(truth, selected_text=None), truth, "jaccard",
        ["selected_text"], "The metric in this competition is the word-level Jaccard score.", layout="span",
    )  # fmt: skip


def toxic_comments(rng: np.random.Generator, rows: int) -> Shape:
    """Six labels of one text, the mean of their columns' AUC."""
    n = rows + rows // 2
    labels = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
    bad = rng.random(n) < 0.25
    marks = {
        label: bad & (rng.random(n) < share) for label, share in zip(labels, (1, 0.3, 0.6, 0.2, 0.6, 0.2), strict=True)
    }
    texts = []
    for place in range(n):
        words = list(map(str, rng.choice(PLAIN, 15)))
        words += [f"{label[:4]}word" for label in labels if marks[label][place] and rng.random() < 0.8]
        texts.append('"\n' + " ".join(rng.permutation(words)) + '"')
    frame = pd.DataFrame({"id": [f"{place:016x}" for place in rng.integers(0, 2**62, n)], "comment_text": texts})
    frame = frame.assign(**{label: mark.astype(int) for label, mark in marks.items()})
    train, whole = cut(frame, rows)
    truth = whole[["id", *labels]]
    return Shape(
        train, whole[["id", "comment_text"]], sample_of(truth, **dict.fromkeys(labels, 0.5)), truth,
        "mean_column_auc", list(labels), "Submissions are evaluated on the mean column-wise ROC AUC.",
    )  # fmt: skip


def essay_scores(rng: np.random.Generator, rows: int) -> Shape:
    """Long texts and a score of 1 to 6, by quadratic kappa."""
    n = rows + rows // 2
    quality = rng.random(n)
    score = np.clip(np.round(1 + 5 * quality + 0.5 * rng.normal(size=n)), 1, 6).astype(int)
    frame = pd.DataFrame(
        {
            "essay_id": [f"{place:07x}" for place in rng.permutation(2**28 - 1 - np.arange(n))],
            "full_text": [said(rng, each, int(40 + 150 * each)) + ".\n\n" + said(rng, each, 20) for each in quality],
            "score": score,
        }
    )
    train, whole = cut(frame, rows)
    truth = whole[["essay_id", "score"]]
    return Shape(
        train, whole.drop(columns="score"), sample_of(truth, score=3), truth, "quadratic_kappa", ["score"],
        "Submissions are scored based on the quadratic weighted kappa.",
    )  # fmt: skip


def cuisines(rng: np.random.Generator, rows: int) -> Shape:
    """Lists in JSON, and a label of many."""
    n = rows + rows // 2
    kitchens = ["brazilian", "greek", "indian", "italian", "mexican", "southern_us"]
    own = {kitchen: [f"{kitchen[:4]} {what}" for what in ("spice", "sauce", "cheese")] for kitchen in kitchens}
    cuisine = rng.choice(kitchens, n, p=[0.1, 0.1, 0.2, 0.25, 0.2, 0.15])
    frame = pd.DataFrame(
        {
            "id": rng.permutation(n),
            "cuisine": cuisine,
            "ingredients": [
                list(map(str, rng.permutation([*rng.choice(PLAIN, rng.integers(3, 9)), rng.choice(own[kitchen])])))
                for kitchen in cuisine
            ],
        }
    )
    train, whole = cut(frame, rows)
    truth = whole[["id", "cuisine"]]
    return Shape(
        train, whole.drop(columns="cuisine"), sample_of(truth, cuisine="italian"), truth, "accuracy", ["cuisine"],
        "Submissions are evaluated on the categorization accuracy.",
        ("train.json", "test.json", "sample_submission.csv"),
    )  # fmt: skip


def recipe_tags(rng: np.random.Generator, rows: int) -> Shape:
    """The answer is a list of no fixed length: nothing here predicts that, and the sample is handed in."""
    shape = cuisines(rng, rows)
    tags = shape.train["ingredients"].map(lambda items: sorted(items)[:3])
    train = shape.train.drop(columns="cuisine").assign(tags=tags)
    truth = shape.truth[["id"]].assign(tags="garden")
    return Shape(
        train, shape.test, sample_of(truth, tags="salt"), truth, "jaccard", ["tags"],
        "Submissions are evaluated on the Jaccard index.", shape.files, layout="unknown", has_signal=False,
    )  # fmt: skip


def emoji(rng: np.random.Generator, rows: int) -> Shape:
    """Emoji, empty strings, quotes, line breaks and separators in texts and in the names of columns."""
    n = rows + rows // 2
    faces = np.array(["😀", "😡", "", "naïve, „quoted“", 'a "b"\nc', "null", "NA"], dtype=object)
    face = rng.integers(0, len(faces), n)
    frame = pd.DataFrame(
        {
            "id": [f"🆔{place}" for place in range(n)],
            "gefühl, täglich": faces[face],
            "text": [said(rng, 0.5, 6) + str(rng.choice(["😀" * 50, " ", "\t", "ﷺ"])) for _ in range(n)],
            "x [1]": rng.normal(size=n),
            "stimmung": np.where((face < 2) ^ (rng.random(n) < 0.1), "höher", "tief"),
        }
    )
    train, whole = cut(frame, rows)
    truth = whole[["id", "stimmung"]]
    return Shape(
        train, whole.drop(columns="stimmung"), sample_of(truth, stimmung="tief"), truth, "f1_macro", ["stimmung"],
        "Submissions are evaluated on the macro F1 score.",
    )  # fmt: skip
