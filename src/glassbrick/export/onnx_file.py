"""A network as an ONNX model."""

from __future__ import annotations

from glassbrick.export.calls import Program
from glassbrick.export.onnx_calls import add_program
from glassbrick.export.onnx_graph import Graph

__all__ = ["onnx_of"]


def onnx_of(program: Program, name: str, version: str) -> bytes:
    """Return an ONNX model that does what a program does, for any number of rows.

    Parameters
    ----------
    program : Program
        What to write.
    name : str
        What the network is.
    version : str
        Of Glassbrick.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    TracingError
        If there is a call that has no counterpart in ONNX.
    """
    graph = Graph(["prediction"], "NeuralNetwork.to_onnx")
    result = add_program(graph, program, graph.input("X", program.dtype, program.inputs))
    graph.output("prediction", result, program.dtype, program.shape)
    return graph.model(name, version)
