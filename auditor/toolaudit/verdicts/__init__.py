"""Footprints to classes, answers, conflicts, orderings and the coupling graph."""
