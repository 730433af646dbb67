"""The command line: `kubiya-pulumi`."""
