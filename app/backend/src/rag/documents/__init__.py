"""Upload, show and delete documents."""
