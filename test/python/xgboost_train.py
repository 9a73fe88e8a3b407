"""Models that the real XGBoost saves: python xgboost_train.py FOLDER.

Writes NAME.json for each objective, trained on rows of which a fifth is missing, and rows.f32, float32 (rows, 5).
"""
import sys

import numpy as np
import xgboost as xgb

folder = sys.argv[1]
random = np.random.default_rng(7)
rows = random.normal(size=(400, 5)).astype("<f4")
signal = 3 * rows[:, 0] + np.sin(3 * rows[:, 1]) + random.normal(size=400)
rows[random.random(rows.shape) < 0.2] = np.nan
rows.tofile(f"{folder}/rows.f32")
levels = [0.1, 0.5, 0.9]
for name, target, settings in [
    ("squared", signal, {"objective": "reg:squarederror"}),
    ("logistic", (signal > 1).astype(float), {"objective": "binary:logistic"}),
    ("pinball", signal, {"objective": "reg:quantileerror", "quantile_alpha": levels}),
    ("forest", signal, {"objective": "reg:squarederror", "num_parallel_tree": 3, "subsample": 0.5}),
    ("pruned", signal, {"objective": "reg:squarederror", "gamma": 9.0, "tree_method": "exact"}),
    ("dart", signal, {"objective": "reg:squarederror", "booster": "dart"}),
    ("counts", np.abs(signal), {"objective": "count:poisson"}),
    ("classes", (signal > 1).astype(int) + (signal > 2), {"objective": "multi:softprob", "num_class": 3}),
    ("vector", np.stack([signal, -signal], 1), {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree", "tree_method": "hist"}),
]:
    matrix = xgb.DMatrix(rows, label=target, missing=np.nan, nthread=1)
    booster = xgb.train({"max_depth": 4, "nthread": 1, "seed": 1, **settings}, matrix, 20)
    booster.save_model(f"{folder}/{name}.json")
