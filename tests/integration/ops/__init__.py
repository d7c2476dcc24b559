"""Tests of the dashboard as a process, and fuzz tests of gateway and pages."""
