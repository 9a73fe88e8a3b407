"""A plain numpy forward pass of a saved LSTM: python lstm_forward.py MODEL WINDOWS COUNT -> float64 outputs on stdout as JSON.

MODEL is opened with the safetensors package; WINDOWS holds float32 (count, steps, inputs).
"""
import json
import sys

import numpy as np
from safetensors import safe_open

model, windows, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with safe_open(model, framework="numpy") as file:
    tensors = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
    steps = int(file.metadata()["steps"])
x = np.fromfile(windows, dtype="<f4").astype(np.float64).reshape(count, steps, -1)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


layer = 0
while f"layer.{layer}.input" in tensors:
    w, u, b = (tensors[f"layer.{layer}.{part}"] for part in ("input", "hidden", "bias"))
    h = np.zeros((count, u.shape[0]))
    c = np.zeros_like(h)
    out = []
    for t in range(steps):
        i, f, g, o = np.split(x[:, t] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    x = np.stack(out, axis=1)
    layer += 1
print(json.dumps((h @ tensors["head.weight"] + tensors["head.bias"]).ravel().tolist()))
