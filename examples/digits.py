"""Ten handwritten digits, told apart from images of 8 by 8 pixels.

python examples/digits.py --network residual --engine xla --plot digits.png
"""

import argparse

import numpy as np

import glassbrick as gb
from glassbrick.displays import ConfusionMatrixDisplay

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
except ImportError:
    raise SystemExit("The examples need more: pip install matplotlib scikit-learn") from None


def plain():
    return [gb.Dense(128, "relu"), gb.Dropout(0.3), gb.Dense(10, "linear")]


def residual():
    def block():
        inside = [gb.BatchNorm(), gb.Dense(128, "relu"), gb.Dropout(0.3), gb.Dense(128, "linear")]
        return gb.Residual(inside)

    return [gb.Dense(128, "linear"), block(), block(), gb.BatchNorm(), gb.Dense(10, "linear")]


NETWORKS = {"plain": (plain, 0.003), "residual": (residual, 0.001)}  # each with a learning rate


def train(network, engine, epochs, seed):
    """Return what happened in training, and of the test rows truth and probabilities."""
    images, digits = load_digits(return_X_y=True)
    X = (images / 16.0).astype(np.float32)  # no pixel is brighter than 16
    rows = np.random.default_rng(seed).permutation(len(X))
    test, validation, training = np.split(rows, [360, 540])

    make_layers, lr = NETWORKS[network]
    net = gb.NeuralNetwork(make_layers(), gb.SoftmaxCrossEntropy(), rng=seed)
    trainer = gb.Trainer(net, gb.Adam(lr=lr), engine=engine)
    data = X[training], digits[training], X[validation], digits[validation]
    stopping = gb.EarlyStopping(patience=20)
    history = trainer.fit(*data, epochs=epochs, callbacks=[stopping], verbose=False)
    return history, digits[test], net.loss.interpret(net.predict(X[test]))


def draw(history, truth, predicted, path):
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    curves, confusion = figure.subplots(1, 2)
    history.plot(curves)
    ConfusionMatrixDisplay.from_predictions(truth, predicted, name="digit", ax=confusion)
    curves.set_title("training, last seed", loc="left")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, default="plain")
    parser.add_argument("--engine", choices=["numpy", "xla", "auto"], default="numpy")
    parser.add_argument("--epochs", type=int, default=60, help="at most")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--plot", metavar="FILE")
    asked = parser.parse_args()
    results = []
    for seed in asked.seeds:
        history, truth, probabilities = train(asked.network, asked.engine, asked.epochs, seed)
        results.append((truth, probabilities.argmax(axis=1)))
        print(f"seed {seed}: accuracy {gb.accuracy(*results[-1]):.4f}, {history.seconds:.1f} s")
    print(f"mean accuracy {np.mean([gb.accuracy(*result) for result in results]):.4f}")
    if asked.plot:
        draw(history, *np.concatenate(results, axis=1), asked.plot)


if __name__ == "__main__":
    main()
