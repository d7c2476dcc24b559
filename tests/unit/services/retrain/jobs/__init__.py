"""Tests of training jobs: schedule, lock, stages, outcomes, history."""
