"""Tests of what choices and references teach in hindsight."""
