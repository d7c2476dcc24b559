"""Test the values of orders in the gate."""
