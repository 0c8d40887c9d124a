"""What a network does to predict, written down: as plain NumPy, or as ONNX."""

from glassbrick.export.calls import Call, Program, program_of

__all__ = ["Call", "Program", "program_of"]
