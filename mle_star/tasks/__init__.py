"""The contracts: what the services, the client and the command line say to each other."""
