"""A model from outside in Python: ridge regression on the same time of earlier seasons, for each row.

Reads one question on stdin, writes one answer on stdout (docs/models/outside.md). Needs numpy, pyarrow, scikit-learn.
Features of column t, with D the whole seasons that cover the horizon: y[t - D], y[t - D - season], and the mean of the
season around each. All lie before the origin for every lead, so one fit serves all leads. Quantiles are those of the
fit's own errors. A row with fewer than MIN_COLUMNS usable columns is left out: the ensemble then takes `naive` for it.
"""
import sys

import numpy as np
import pyarrow as pa
from sklearn.linear_model import Ridge

VERSION_KEY = b"slackwater.outside"
MIN_COLUMNS = 48


def read_question(stream):
    table = pa.ipc.open_stream(stream).read_all()
    about = table.schema.metadata
    if about.get(VERSION_KEY) != b"1":
        sys.exit(f"protocol {about.get(VERSION_KEY)} is not known; 1 is")
    width = table.schema.field("y").type.list_size
    histories = table["y"].combine_chunks().values.to_numpy().reshape(-1, width)
    return table["row"].to_numpy(), histories, {key.decode(): value.decode() for key, value in about.items()}


def fill_forward(history):
    """The last known value in each gap; the first known one before it."""
    known = ~np.isnan(history)
    at = np.maximum.accumulate(np.where(known, np.arange(history.size), -1))
    return history[np.where(at < 0, np.argmax(known), at)]


def features(filled, season, back, columns):
    sums = np.concatenate([[0.0], np.cumsum(filled)])

    def season_mean(at):
        end = np.minimum(at + season // 2 + 1, filled.size)
        return (sums[end] - sums[end - season]) / season

    near, far = columns - back, columns - back - season
    return np.stack([filled[near], filled[far], season_mean(near), season_mean(far)], axis=1)


def forecast(history, season, horizon, levels):
    """(mean (horizon), quantiles (levels, horizon)), or None."""
    back = -(-horizon // season) * season
    first = back + 2 * season
    if np.isnan(history).all():
        return None
    learnt = np.arange(first, history.size)
    learnt = learnt[~np.isnan(history[first:])]
    if learnt.size < MIN_COLUMNS:
        return None
    filled = fill_forward(history)
    model = Ridge(alpha=1.0).fit(features(filled, season, back, learnt), filled[learnt])
    errors = filled[learnt] - model.predict(features(filled, season, back, learnt))
    ahead = model.predict(features(filled, season, back, history.size + np.arange(horizon)))
    return ahead + errors.mean(), ahead[None, :] + np.quantile(errors, levels)[:, None]


def main():
    rows, histories, about = read_question(sys.stdin.buffer)
    season, horizon = int(about["season_length"]), int(about["horizon"])
    levels = [float(level) for level in about["levels"].split(",")]
    found = [forecast(history, season, horizon, levels) for history in histories]
    kept = [at for at, one in enumerate(found) if one is not None]

    def lists(values):
        return pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(values, "f8").ravel()), horizon)

    columns = {"row": pa.array(rows[kept], pa.int32()), "mean": lists([found[at][0] for at in kept])}
    for level, name in enumerate(about["quantile_columns"].split(",")):
        columns[name] = lists([found[at][1][level] for at in kept])
    answer = pa.table(columns).replace_schema_metadata({VERSION_KEY: b"1"})
    with pa.ipc.new_stream(sys.stdout.buffer, answer.schema) as writer:
        writer.write_table(answer)


main()
