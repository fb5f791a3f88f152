"""A small OpenID provider for the example users of one machine: the parts of the development issuer."""
