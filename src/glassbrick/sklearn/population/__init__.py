"""Cross-validation and searches, whose networks are trained at once."""

from glassbrick.sklearn.population.cross_validation import cross_validate
from glassbrick.sklearn.population.scores import CrossValidation, Ranking
from glassbrick.sklearn.population.search import PopulationSearchCV

__all__ = ["CrossValidation", "PopulationSearchCV", "Ranking", "cross_validate"]
