"""Take existing runners into a stack: an import file for `pulumi import`, and a program.

An import file contains the whole state of each resource, because `pulumi import` cannot read a
dynamic resource by its type and id. The state is the one that an adoption of the runner would
store, except for the secrets: the file omits them, and the next `pulumi refresh` adds them. An
object in the cluster has the fields of its manifest, and the refresh sets them.
"""
