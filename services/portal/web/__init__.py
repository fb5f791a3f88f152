"""What every page stands on: who is signed in, the owners of what is shown, forms, live parts, words."""
