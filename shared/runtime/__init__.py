"""What turns a service's domain into a process: settings, HTTP, problem details, migrations, start and stop."""
