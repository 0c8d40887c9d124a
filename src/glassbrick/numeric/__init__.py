"""Numeric gradients, and what hand-written ones are compared with them by."""
