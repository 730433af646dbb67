"""The general part of a dynamic provider: it knows neither Kubiya nor a particular resource.

A resource declares its properties once, as two dataclasses. `properties` reads the declaration,
validates inputs and compares them with the state. All imports within the folder are relative, so
that another project can copy it.
"""
