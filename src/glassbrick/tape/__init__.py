"""The tape: every number of one training step, each gradient proven."""
