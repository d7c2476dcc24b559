"""Encoders other than the pretrained network, and what all encoders share: settings and checks."""
