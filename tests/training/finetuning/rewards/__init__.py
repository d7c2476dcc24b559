"""Tests of what GRPO rewards with: profiles as images, and the reward model."""
