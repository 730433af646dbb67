"""What tests of the real thing share: the engine, a control plane, and a search for secrets."""
