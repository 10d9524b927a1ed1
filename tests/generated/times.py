"""Competitions on dates and places."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.generated.shape import Shape, cut, evaluated_on, sample_of


def crime(rng: np.random.Generator, rows: int) -> Shape:
    """A column a class; training and test alternate by weeks; columns that only training has."""
    n = 2 * rows
    kinds = np.array(["ARSON", "ASSAULT", "DRUG/NARCOTIC", "LARCENY/THEFT", "SEX OFFENSES, FORCIBLE", "TREA"])
    dates = pd.Timestamp("2003-01-06") + pd.to_timedelta(np.sort(rng.integers(0, 60 * 24 * 700, n)), unit="min")
    x, y = rng.normal(-122.4, 0.03, n), rng.normal(37.77, 0.03, n)
    x[rng.random(n) < 0.01], y[rng.random(n) < 0.01] = -120.5, 90.0
    odds = np.column_stack(
        [0.3 + 0 * x, 1 + (dates.hour > 18), 1 + 2 * (y < 37.76), 3 + 2 * (x > -122.4), 0.5 + 0 * x, 0.01 + 0 * x]
    )
    kind = np.array([rng.choice(len(kinds), p=row / row.sum()) for row in odds])
    kind[:2] = len(kinds) - 1
    frame = pd.DataFrame(
        {
            "Dates": dates.strftime("%Y-%m-%d %H:%M:%S"),
            "Category": kinds[kind],
            "Descript": [f"{kinds[each]} no. {rng.integers(3)}" for each in kind],
            "DayOfWeek": dates.day_name(),
            "PdDistrict": np.where(y < 37.76, "MISSION", np.where(x > -122.4, "SOUTHERN", "RICHMOND")),
            "Resolution": rng.choice(["NONE", "ARREST, BOOKED"], n),
            "Address": [f"{100 * rng.integers(20)} Block of {street} ST" for street in rng.choice(["OAK", "ELM"], n)],
            "X": x,
            "Y": y,
        }
    )
    odd_week = (dates.isocalendar().week.to_numpy() % 2).astype(bool)
    train, whole = frame[odd_week].reset_index(drop=True), frame[~odd_week].reset_index(drop=True)
    train = pd.concat([train, frame[:2].assign(Dates=train["Dates"].iloc[0])], ignore_index=True)
    test = whole.drop(columns=["Category", "Descript", "Resolution"])
    test.insert(0, "Id", np.arange(len(test)))
    truth = pd.DataFrame({"Id": test["Id"], **{name: (whole["Category"] == name).astype(float) for name in kinds}})
    flat = dict.fromkeys(kinds, 0.0) | {"TREA": 1.0}
    return Shape(
        train, test, truth.assign(**flat), truth, "log_loss", ["Category"],
        "Submissions are evaluated using the multi-class logarithmic loss.",
        ("train.csv.zip", "test.csv.gz", "sampleSubmission.csv"), layout="classes",
    )  # fmt: skip


def bike_sharing(rng: np.random.Generator, rows: int) -> Shape:
    """The last days of each month are asked for; the target is a sum of two columns that only training has."""
    hours = pd.Series(pd.date_range("2011-01-01", periods=int(rows * 30.4 / 19), freq="h"))
    n = len(hours)
    temp = 15 + 10 * np.sin((hours.dt.dayofyear - 100) * 2 * np.pi / 365) + rng.normal(0, 3, n)
    busy = np.exp(-((hours.dt.hour - 17) ** 2) / 20) + np.exp(-((hours.dt.hour - 8) ** 2) / 6) + 0.1
    workday = (hours.dt.dayofweek < 5).astype(int)
    casual = rng.poisson(np.maximum(1, temp) * busy * (2 - workday))
    registered = rng.poisson(100 * busy * (0.6 + workday))
    frame = pd.DataFrame(
        {
            "datetime": hours.dt.strftime("%Y-%m-%d %H:%M:%S"),
            "season": hours.dt.quarter,
            "holiday": 0,
            "workingday": workday,
            "weather": rng.choice([1, 2, 3, 4], n, p=[0.6, 0.25, 0.14, 0.01]),
            "temp": temp.round(2),
            "atemp": (temp + 2).round(2),
            "humidity": rng.integers(20, 100, n),
            "windspeed": rng.exponential(12, n).round(4),
            "casual": casual,
            "registered": registered,
            "count": casual + registered,
        }
    )
    known = (hours.dt.day < 20).to_numpy()
    train, whole = frame[known].reset_index(drop=True), frame[~known].reset_index(drop=True)
    truth = whole[["datetime", "count"]]
    return Shape(
        train, whole.drop(columns=["casual", "registered", "count"]), sample_of(truth, count=0), truth, "rmsle",
        ["count"], "Submissions are evaluated using the Root Mean Squared Logarithmic Error (RMSLE).",
        files=("train.csv", "test.csv", "sampleSubmission.csv"),
    )  # fmt: skip


def store_sales(rng: np.random.Generator, rows: int) -> Shape:
    """Dates by stores by families, forward in time; other tables to join by their keys."""
    families, stores = ["AUTOMOTIVE", "BEVERAGES", "BREAD/BAKERY", "DAIRY", "EGGS"], np.arange(1, 7)
    days = pd.date_range("2016-01-01", periods=rows // 30 + 16)
    grid = pd.MultiIndex.from_product([days, stores, families], names=["date", "store_nbr", "family"]).to_frame(
        index=False
    )
    n = len(grid)
    cluster = pd.Series(rng.integers(1, 4, len(stores)), stores)
    promoted = rng.poisson(1, n) * (rng.random(n) < 0.3)
    level = grid["family"].map(dict(zip(families, (2, 300, 80, 150, 30), strict=True))) * grid["store_nbr"].map(cluster)
    season = 1 + 0.4 * (grid["date"].dt.dayofweek >= 5)
    grid["sales"] = (level * season * (1 + 0.3 * promoted) * rng.lognormal(0, 0.2, n)).round(3)
    grid.loc[rng.random(n) < 0.05, "sales"] = 0.0
    grid["onpromotion"] = promoted
    grid["date"] = grid["date"].dt.strftime("%Y-%m-%d")
    grid.insert(0, "id", np.arange(n))
    train, whole = cut(grid, n - 16 * len(stores) * len(families))
    truth = whole[["id", "sales"]]
    dates = days.strftime("%Y-%m-%d")
    extra = {
        "stores.csv": pd.DataFrame({"store_nbr": stores, "city": list("QQGCGA"), "cluster": cluster.to_numpy()}),
        "oil.csv": pd.DataFrame({"date": dates, "dcoilwtico": rng.normal(50, 5, len(days)).round(2)}),
        "holidays_events.csv": pd.DataFrame({"date": dates[::40], "type": "Holiday", "locale": "National"}),
    }
    return Shape(
        train, whole.drop(columns="sales"), sample_of(truth, sales=0.0), truth, "rmsle", ["sales"],
        "The evaluation metric for this competition is Root Mean Squared Logarithmic Error.", extra=extra,
        split="forward",
    )  # fmt: skip


def taxi_fares(rng: np.random.Generator, rows: int) -> Shape:
    """Many rows, a key that is a date too, coordinates, some of them impossible."""
    n = rows + rows // 10
    when = pd.Timestamp("2010-01-01") + pd.to_timedelta(rng.integers(0, 5 * 365 * 24 * 60, n), unit="min")
    spots = {
        f"{end}_{axis}": rng.normal(middle, 0.03, n)
        for end in ("pickup", "dropoff")
        for axis, middle in (("longitude", -73.98), ("latitude", 40.75))
    }
    distance = np.hypot(
        (spots["dropoff_longitude"] - spots["pickup_longitude"]) * 84,
        (spots["dropoff_latitude"] - spots["pickup_latitude"]) * 111,
    )
    fare = (2.5 + 1.8 * distance + 0.5 * (when.year - 2010) + rng.gamma(2, 0.7, n)).to_numpy().round(1)
    for column in spots.values():
        column[rng.random(n) < 0.01] = 0.0
    text = when.strftime("%Y-%m-%d %H:%M:%S")
    frame = pd.DataFrame({"key": [f"{at}.{place:07d}" for place, at in enumerate(text)], "fare_amount": fare})
    frame = frame.assign(pickup_datetime=text + " UTC", **spots, passenger_count=rng.integers(1, 7, n))
    train, whole = cut(frame, rows)
    truth = whole[["key", "fare_amount"]]
    return Shape(
        train, whole.drop(columns="fare_amount"), sample_of(truth, fare_amount=11.35), truth, "rmse", ["fare_amount"],
        "The evaluation metric for this competition is the root mean-squared error or RMSE.",
    )  # fmt: skip


def three_date_formats(rng: np.random.Generator, rows: int) -> Shape:
    """One column has dates as three clerks wrote them, and some that are none."""
    n = rows + rows // 2
    when = pd.Series(pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"))
    forms = rng.choice(["%Y-%m-%d", "%d %B %Y", "%Y-%m-%dT%H:%M:%SZ"], n)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "opened": [at.strftime(form) for at, form in zip(when, forms, strict=True)],
            "size": rng.lognormal(3, 1, n).round(2),
        }
    )
    frame.loc[rng.random(n) < 0.02, "opened"] = "unknown"
    season = 50 * np.sin(when.dt.month * np.pi / 6)
    frame["demand"] = (season + frame["size"] + rng.normal(0, 5, n)).round(2)
    train, whole = cut(frame, rows)
    truth = whole[["id", "demand"]]
    return Shape(
        train, whole.drop(columns="demand"), sample_of(truth, demand=0.0), truth, "rmse", ["demand"],
        evaluated_on("the root mean squared error"),
    )  # fmt: skip
