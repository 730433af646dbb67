"""CRUD logic of each resource, and the dynamic providers that expose it to the engine.

`runner`, `runner_manifest` and `runner_health` hold a handler each: typed functions that know
nothing of Pulumi. `providers` holds the classes that `pulumi.dynamic` stores in the user's state
and calls. The module path and the class names of `providers` are a contract with every existing
stack; nothing else here is.
"""
