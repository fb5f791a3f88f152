"""The portal: what people see of the chain and do in it, in a browser."""
