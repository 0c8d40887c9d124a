"""What is looked for before training, a kind of fault a function."""
