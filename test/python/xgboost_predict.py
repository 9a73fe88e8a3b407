"""Forecasts of a saved model by the real XGBoost: python xgboost_predict.py MODEL ROWS FEATURES [SAVED_AGAIN].

ROWS holds float32 (rows, FEATURES), NaN = missing. Prints JSON: predictions and margins (rows, outputs), the
objective, total gains by feature, and whether feature names were read. Saves the model again where asked.
"""
import json
import sys

import numpy as np
import xgboost as xgb

model, path, features = sys.argv[1], sys.argv[2], int(sys.argv[3])
booster = xgb.Booster(model_file=model)
rows = np.fromfile(path, dtype="<f4").reshape(-1, features)
matrix = xgb.DMatrix(rows, missing=np.nan, feature_names=booster.feature_names, nthread=1)
booster.set_param({"nthread": 1})
if len(sys.argv) > 4:
    booster.save_model(sys.argv[4])


def table(values):
    return values.reshape(len(rows), -1).astype(np.float64).tolist()


print(
    json.dumps(
        {
            "predictions": table(booster.predict(matrix)),
            "margins": table(booster.predict(matrix, output_margin=True)),
            "objective": json.loads(booster.save_config())["learner"]["objective"]["name"],
            "gains": booster.get_score(importance_type="total_gain"),
            "names": booster.feature_names,
        }
    )
)
