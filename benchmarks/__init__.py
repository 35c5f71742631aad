"""Ramiel beside what people would run instead."""
