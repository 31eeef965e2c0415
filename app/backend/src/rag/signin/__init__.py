"""People's sign-in with OpenID Connect: sessions in place of keys."""
