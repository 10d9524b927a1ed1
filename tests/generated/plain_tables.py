"""Competitions on tables of numbers and categories, and the odd forms that their files take."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.generated.shape import Shape, cut, evaluated_on, sample_of


def _two_classes(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Inputs, and whether each row is of the second class."""
    a, b, c = rng.normal(size=n), rng.exponential(size=n), rng.choice(["north", "south", "east"], n)
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "noise": rng.normal(size=n)})
    frame.loc[rng.random(n) < 0.1, "a"] = np.nan
    return frame, np.asarray(a + (c == "north") - 0.5 * b + 0.5 * rng.normal(size=n) > 0)


def _with_answers(
    frame: pd.DataFrame, rows: int, target: str, answer: object, metric: str, description: str = "", **more: object
) -> Shape:
    """A frame with its target and an `id`, laid out in the commonest way."""
    if "id" not in frame:
        frame.insert(0, "id", np.arange(len(frame)))
    train, whole = cut(frame, rows)
    truth = whole[["id", target]]
    sample = sample_of(truth, **{target: answer})
    return Shape(train, whole.drop(columns=target), sample, truth, metric, [target], description, **more)  # type: ignore[arg-type]


def fertilizer(rng: np.random.Generator, rows: int) -> Shape:
    """The three likeliest labels in one column."""
    n = rows + rows // 3
    names = np.array(["10-26-26", "14-35-14", "17-17-17", "20-20", "28-28", "DAP", "Urea"])
    soil, crop, nitrogen = rng.integers(0, 5, n), rng.integers(0, 11, n), rng.integers(4, 42, n)
    best = np.where(rng.random(n) < 0.6, (soil + (nitrogen > 20) * 2) % 7, rng.integers(0, 7, n))
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "Temparature": rng.integers(25, 38, n),
            "Humidity": rng.integers(50, 72, n),
            "Soil Type": np.array(["Black", "Clayey", "Loamy", "Red", "Sandy"])[soil],
            "Crop Type": np.array([f"Crop {letter}" for letter in "ABCDEFGHIJK"])[crop],
            "Nitrogen": nitrogen,
            "Fertilizer Name": names[best],
        }
    )
    return _with_answers(
        frame, rows, "Fertilizer Name", "14-35-14 10-26-26 Urea", "map_at_k",
        "Submissions are evaluated according to the Mean Average Precision @ 3 (MAP@3).", layout="ranked",
    )  # fmt: skip


def conductors(rng: np.random.Generator, rows: int) -> Shape:
    """Two targets, and a table of more rows a material."""
    n = rows + rows // 4
    shares = rng.dirichlet([1, 1, 1], n)
    atoms = rng.choice([10, 20, 40, 80], n)
    frame = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "spacegroup": rng.choice([12, 33, 167, 194, 206, 227], n),
            "number_of_total_atoms": atoms,
            **{f"percent_atom_{what}": shares[:, place].round(4) for place, what in enumerate(("al", "ga", "in"))},
            "formation_energy_ev_natom": np.abs(0.2 * shares[:, 1] + 0.05 * rng.normal(size=n)).round(4),
            "bandgap_energy_ev": (5 * shares[:, 0] + 1 + 0.2 * rng.random(n)).round(4),
        }
    )
    targets = ["formation_energy_ev_natom", "bandgap_energy_ev"]
    train, whole = cut(frame, rows)
    truth = whole[["id", *targets]]
    geometry = pd.DataFrame(
        {"id": np.repeat(frame["id"], 3), "x": rng.normal(size=3 * n), "element": ["Al", "Ga", "O"] * n}
    )
    return Shape(
        train, whole.drop(columns=targets), truth.assign(**{targets[0]: 0.1779, targets[1]: 1.8892}), truth,
        "mean_column_rmsle", targets,
        "Submissions are evaluated on the column-wise root mean squared logarithmic error.",
        extra={"geometry.csv": geometry},
    )  # fmt: skip


def insurance_claims(rng: np.random.Generator, rows: int) -> Shape:
    """Many nameless categories, a skewed loss, its absolute error."""
    n = rows + rows // 2
    categories = {f"cat{place}": rng.choice(list("ABCD"), n, p=[0.6, 0.25, 0.1, 0.05]) for place in range(1, 21)}
    numbers = {f"cont{place}": rng.random(n).round(6) for place in range(1, 8)}
    frame = pd.DataFrame({**categories, **numbers})
    level = 7 + (frame["cat1"] == "B") + 0.7 * (frame["cat2"] == "A") + frame["cont1"] + 0.5 * rng.normal(size=n)
    frame["loss"] = np.exp(level).round(2)
    return _with_answers(frame, rows, "loss", 0, "mae", evaluated_on("the mean absolute error (MAE)"))


def no_id(rng: np.random.Generator, rows: int) -> Shape:
    """No column names the rows: answers stand in the order of the test rows."""
    frame, high = _two_classes(rng, rows + rows // 2)
    train, whole = cut(frame.assign(label=high.astype(int)), rows)
    truth = whole[["label"]]
    return Shape(
        train, whole.drop(columns="label"), sample_of(truth, label=0), truth, "accuracy", ["label"],
        "The evaluation metric is accuracy.",
    )  # fmt: skip


def id_in_the_submission(rng: np.random.Generator, rows: int) -> Shape:
    """Only the sample counts the rows; small pictures as pixels."""
    n = rows + rows // 2
    label = rng.integers(0, 4, n)
    pixels = rng.poisson(1, (n, 36)) + 20 * (np.arange(36) // 9 == label[:, None]) * (rng.random((n, 36)) < 0.4)
    frame = pd.DataFrame(pixels, columns=[f"pixel{place}" for place in range(36)])
    frame.insert(0, "label", label)
    train, whole = cut(frame, rows)
    truth = pd.DataFrame({"ImageId": np.arange(1, len(whole) + 1), "Label": whole["label"]})
    return Shape(
        train, whole.drop(columns="label"), sample_of(truth, Label=0), truth, "accuracy", ["label"],
        "The evaluation metric for this contest is the categorization accuracy.",
    )  # fmt: skip


def another_case(rng: np.random.Generator, rows: int) -> Shape:
    """`Id` and `Target` in training, `ID` and `target` in the sample."""
    n = rows + rows // 2
    frame, high = _two_classes(rng, n)
    level = np.where(high, 4, np.where(frame["b"] > 1, 2, rng.choice([1, 3], n)))
    frame = frame.assign(Id=[f"ID_{place:09x}" for place in rng.permutation(10 * n)[:n]], Target=level)
    train, whole = cut(frame, rows)
    truth = whole[["Id", "Target"]].set_axis(["ID", "target"], axis=1)
    return Shape(
        train, whole.drop(columns="Target"), sample_of(truth, target=4), truth, "f1_macro", ["Target"],
        "Submissions will be evaluated based on their macro F1 score.",
    )  # fmt: skip


def edible(rng: np.random.Generator, rows: int) -> Shape:
    """Text for two labels, and a metric of labels."""
    frame, high = _two_classes(rng, rows + rows // 2)
    return _with_answers(
        frame.assign(**{"class": np.where(high, "p", "e")}), rows, "class", "e", "mcc",
        evaluated_on("the Matthews correlation coefficient (MCC)"),
    )  # fmt: skip


def yes_or_no(rng: np.random.Generator, rows: int) -> Shape:
    """Text for two labels in training, fractions in the sample, and no word about the metric."""
    frame, high = _two_classes(rng, rows + rows // 2)
    frame["subscribed"] = np.where(high, "yes", "no")
    shape = _with_answers(frame, rows, "subscribed", 0.5, "auc")
    return Shape(**{**vars(shape), "truth": shape.truth.assign(subscribed=(shape.truth["subscribed"] == "yes") * 1)})


def transported(rng: np.random.Generator, rows: int) -> Shape:
    """True and False; groups inside the ids, all of them new in the test."""
    n = rows + rows // 2
    group = np.sort(rng.integers(0, n // 2, n))
    group[rows:] += 1  # no group is torn
    frame, high = _two_classes(rng, n)
    place = pd.Series(group).groupby(group).cumcount() + 1
    frame.insert(0, "PassengerId", [f"{one:04d}_{other:02d}" for one, other in zip(group, place, strict=True)])
    frame["VIP"] = np.where(rng.random(n) < 0.02, None, rng.random(n) < 0.1)
    side = np.where(high ^ (rng.random(n) < 0.3), "S", "P")
    decks = rng.choice(list("ABCDEFG"), n)
    frame["Cabin"] = [f"{deck}/{number}/{end}" for deck, number, end in zip(decks, group, side, strict=True)]
    train, whole = cut(frame.assign(Transported=high), rows)
    truth = whole[["PassengerId", "Transported"]]
    return Shape(
        train, whole.drop(columns="Transported"), sample_of(truth, Transported=False), truth, "accuracy",
        ["Transported"], "Submissions are evaluated based on their classification accuracy.", split="group",
    )  # fmt: skip


def leaf_species(rng: np.random.Generator, rows: int) -> Shape:
    """A column a class, spelt otherwise than the labels are."""
    n = rows + rows // 2
    species = np.array(["Acer_Opalus", "Betula_Pendula", "Quercus_Alnifolia", "Tilia_Tomentosa", "Zelkova_Serrata"])
    kind = np.concatenate([np.arange(5), rng.integers(0, 5, n - 5)])
    frame = pd.DataFrame(rng.normal(size=(n, 12)) + kind[:, None] * rng.normal(size=12) * 0.5).add_prefix("margin")
    frame.insert(0, "id", np.arange(n))
    train, whole = cut(frame.assign(species=species[kind]), rows)
    columns = [name.lower() for name in species]
    right = {column: (whole["species"] == name).astype(float) for column, name in zip(columns, species, strict=True)}
    truth = pd.DataFrame({"id": whole["id"], **right})
    return Shape(
        train, whole.drop(columns="species"), truth.assign(**dict.fromkeys(columns, 0.2)), truth, "log_loss",
        ["species"], "Submissions are evaluated using the multi-class logarithmic loss.", layout="classes",
    )  # fmt: skip


def wide(rng: np.random.Generator, rows: int) -> Shape:
    """Ten times as many columns as rows, a handful of which matter."""
    n = rows + rows // 2
    frame = pd.DataFrame(rng.normal(size=(n, 2000)).round(3))
    frame.columns = frame.columns.map(str)
    weights = np.zeros(2000)
    weights[:4] = 2
    target = (frame.to_numpy() @ weights + rng.normal(size=n) > 0).astype(float)
    return _with_answers(
        pd.concat([frame, pd.Series(target, name="target")], axis=1), rows, "target", 0.0, "auc",
        evaluated_on("AUC ROC"),
    )  # fmt: skip


def tiny(rng: np.random.Generator, rows: int) -> Shape:
    """Forty rows."""
    frame, high = _two_classes(rng, 60)
    return _with_answers(
        frame.assign(healthy=high.astype(int)), 40, "healthy", 0, "accuracy", evaluated_on("accuracy"), has_signal=False
    )


def heavy_tails(rng: np.random.Generator, rows: int) -> Shape:
    """Nearly all zeros in the inputs, and a target with a tail to the right and another to the left."""
    n = rows + rows // 2
    rare = {f"f{place}": np.where(rng.random(n) < 0.001, rng.exponential(1e6, n), 0.0) for place in range(10)}
    signal = rng.standard_t(2, n)
    frame = pd.DataFrame({**rare, "signal": signal, "target": (100 * signal**3 + rng.standard_t(2, n)).round(3)})
    return _with_answers(frame, rows, "target", 0.0, "mae", evaluated_on("the mean absolute error"))


def huge_values(rng: np.random.Generator, rows: int) -> Shape:
    """Numbers at the very end of what a float holds, and beyond."""
    n = rows + rows // 2
    a = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "a": a,
            "huge": np.where(rng.random(n) < 0.1, 1e308, rng.normal(size=n)),
            "small": np.where(rng.random(n) < 0.1, 5e-324, -1e308),
            "endless": np.where(rng.random(n) < 0.1, np.inf, np.where(rng.random(n) < 0.1, -np.inf, 1.0)),
            "big_id": rng.integers(2**62, 2**63 - 1, n),
            "y": a + 0.3 * rng.normal(size=n),
        }
    )
    return _with_answers(frame, rows, "y", 0.0, "rmse", evaluated_on("RMSE"))


def useless_columns(rng: np.random.Generator, rows: int) -> Shape:
    """All missing, constant, doubled, missing in the test alone, and of another type in the test."""
    n = rows + rows // 2
    frame, high = _two_classes(rng, n)
    frame = frame.assign(
        nothing=np.nan, constant="same", nothing_else=None, a_again=frame["a"], only_once=[f"v{p}" for p in range(n)],
        not_in_test=rng.normal(size=n), text_in_test=rng.integers(0, 5, n), y=high.astype(int),
    )  # fmt: skip
    shape = _with_answers(frame, rows, "y", 0, "accuracy", evaluated_on("accuracy"))
    test = shape.test.assign(not_in_test=np.nan, text_in_test="none")
    return Shape(**{**vars(shape), "test": test})


def new_categories(rng: np.random.Generator, rows: int) -> Shape:
    """Half of the test's categories were never seen."""
    n = rows + rows // 2
    frame, high = _two_classes(rng, n)
    town = np.array([f"town {place}" for place in rng.integers(0, 30, n)], dtype=object)
    town[rows:] = [f"town {place}" for place in rng.integers(15, 60, n - rows)]
    price = 10 * high + 0.1 * frame["b"] + rng.normal(size=n)
    return _with_answers(
        frame.assign(town=town, price=price), rows, "price", 0.0, "rmse", evaluated_on("root mean squared error")
    )
