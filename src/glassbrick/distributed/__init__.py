"""Several processes, on one machine or on many, train one network together."""

from glassbrick.distributed.cluster import Cluster, current, start

__all__ = ["Cluster", "current", "start"]
