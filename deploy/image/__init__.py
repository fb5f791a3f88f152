"""What the container image needs beside the services: the list of what is left out, and a probe."""
