"""What follows from a command given to a case, by topic: the rules each has to pass, and the events it makes."""
