"""What happens to a resource: the decisions, and the classes by which the engine calls them.

`steps` says what the decisions are; `runner` and `manifest` make them, as plain functions of
plain data that know neither the engine nor each other; `providers` holds the classes that
`pulumi.dynamic` stores in the user's state and calls. The module path and the class names of
`providers` are a contract with every stack that exists; nothing else here is.
"""
