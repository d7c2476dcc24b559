"""Tests of the training job: plan, examples, evidence, and whole jobs, also killed ones."""
