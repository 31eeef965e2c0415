"""Answer questions from the documents."""
