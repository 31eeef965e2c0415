"""What is particular to a language: how to tell it, its words, its names, our own texts."""
