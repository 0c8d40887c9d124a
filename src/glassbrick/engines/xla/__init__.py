"""How the XLA engine works: survey, trace, record, compile, run. Its modules import JAX."""
