"""Tests of the doctor's checks of a deployment."""
