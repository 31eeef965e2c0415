"""Cognito: people who sign in."""
