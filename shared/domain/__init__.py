"""Values and pure rules: tastes, corrections, element weights, erasures, ids, clock, errors."""
