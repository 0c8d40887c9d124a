"""Tumours, malignant or benign, told apart by 30 measurements of cell nuclei.

python examples/breast_cancer.py --engine xla --plot breast_cancer.png
"""

import argparse

import numpy as np

import glassbrick as gb
from glassbrick.displays import CalibrationDisplay

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_breast_cancer
except ImportError:
    raise SystemExit("The examples need more: pip install matplotlib scikit-learn") from None


def make_network(seed):
    layers = [gb.Dense(32, "relu", l2=0.001), gb.Dropout(0.5), gb.Dense(1, "linear", l2=0.001)]
    return gb.NeuralNetwork(layers, gb.BinaryCrossEntropy(), rng=seed)


def train(engine, epochs, seed):
    """Return what happened in training, and of the test rows truth and probabilities."""
    X, benign = load_breast_cancer(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(X))
    test, validation, training = np.split(rows, [114, 171])
    X = (X - X[training].mean(axis=0)) / X[training].std(axis=0)

    net = make_network(seed)
    trainer = gb.Trainer(net, gb.Adam(lr=0.003), engine=engine)
    data = X[training], benign[training], X[validation], benign[validation]
    stopping = gb.EarlyStopping(patience=20)
    history = trainer.fit(*data, epochs=epochs, callbacks=[stopping], verbose=False)
    return history, benign[test], net.loss.interpret(net.predict(X[test]))[:, 0]


def draw(history, truth, probabilities, path):
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    curves, reliability = figure.subplots(1, 2)
    history.plot(curves)
    CalibrationDisplay(truth, probabilities, n_bins=5, name="of benign").plot(reliability)
    curves.set_title("training, last seed", loc="left")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["numpy", "xla", "auto"], default="numpy")
    parser.add_argument("--epochs", type=int, default=60, help="at most")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--plot", metavar="FILE")
    asked = parser.parse_args()
    results, scores = [], []
    for seed in asked.seeds:
        history, *result = train(asked.engine, asked.epochs, seed)
        results.append(result)
        metrics = gb.accuracy, gb.roc_auc, gb.calibration_error
        scores.append([metric(*result) for metric in metrics])
        told = "accuracy {:.4f}, ROC AUC {:.4f}, calibration error {:.4f}"
        print(f"seed {seed}: {told.format(*scores[-1])}, {history.seconds:.1f} s")
    print(f"mean {told.format(*np.mean(scores, axis=0))}")
    if asked.plot:
        draw(history, *np.concatenate(results, axis=1), asked.plot)


if __name__ == "__main__":
    main()
