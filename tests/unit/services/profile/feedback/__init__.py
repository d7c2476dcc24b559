"""Tests of feedback that becomes references and impressions."""
