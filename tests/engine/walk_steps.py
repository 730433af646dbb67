"""The steps of a walk. After each one, the program, the state and the service agree."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.walk import Step, Walk
from tests.engine.walk_program import Declared

CREATE_FIRST = 'delete_before_replace=False, replace_on_changes=["description"]'


def describe(walk: Walk) -> None:
    walk.redescribe(walk.pick())
    walk.disturbed_up()


def rename_with_alias(walk: Walk) -> None:
    item = walk.pick()
    walk.put(item, item.moved(walk.new("r"), in_group=item.in_group))
    walk.up("--expect-no-changes")


def move_with_alias(walk: Walk) -> None:
    item = walk.pick()
    walk.put(item, item.moved(item.resource, in_group=not item.in_group))
    walk.up("--expect-no-changes")


def rename_without_alias(walk: Walk) -> None:
    walk.without_alias(lambda item: replace(item, resource=walk.new("r")))


def move_without_alias(walk: Walk) -> None:
    walk.without_alias(lambda item: replace(item, in_group=not item.in_group))


def swap_names(walk: Walk) -> None:
    first, second = walk.pick_two()
    walk.put(first, walk.created(first, second.runner))
    walk.put(second, walk.created(second, first.runner))
    walk.disturbed_up()


def hand_over_a_name(walk: Walk) -> None:
    item = walk.pick()
    walk.put(item, walk.created(item, walk.new("runner")))
    heir = walk.created(Declared(walk.new("r"), "", "d"), item.runner)
    walk.declared.insert(walk.choose.choice((0, len(walk.declared))), heir)
    walk.disturbed_up()


def give_another_name(walk: Walk) -> None:
    item = walk.pick()
    walk.put(item, walk.created(item, walk.new("runner")))
    walk.disturbed_up()


def add(walk: Walk) -> None:
    walk.add()
    walk.disturbed_up()


def remove(walk: Walk) -> None:
    walk.declared.remove(walk.pick())
    walk.disturbed_up()


def ask_to_create_first(walk: Walk) -> None:
    item = walk.with_options(walk.pick(), CREATE_FIRST)
    walk.redescribe(item, created=True)
    walk.disturbed_up()
    walk.without_options()


def force_a_replacement(walk: Walk) -> None:
    item = walk.pick()
    walk.put(item, walk.created(item, item.runner))
    walk.up("--replace", walk.urn(item))


def retain(walk: Walk) -> None:
    item = walk.with_options(walk.pick(), "retain_on_delete=True")
    walk.declared.remove(item)
    walk.left[item.runner] = item.description
    walk.up()


def protect(walk: Walk) -> None:
    item = walk.with_options(walk.pick(), "protect=True")
    with_item = list(walk.declared)
    walk.declared.remove(item)
    walk.refused("up")
    walk.declared = with_item
    walk.without_options()


def use_another_endpoint(walk: Walk) -> None:
    walk.dev.configure({"kubiya:baseUrl": walk.elsewhere.url})
    walk.refused("refresh", "--run-program")
    walk.refused("destroy", "--run-program")
    assert not walk.elsewhere.runners
    walk.dev.configure({"kubiya:baseUrl": walk.emulator.url})
    walk.up()


def use_a_refused_key(walk: Walk) -> None:
    walk.dev.configure(secrets={"kubiya:apiKey": "not-the-key"})
    walk.redescribe(walk.pick())
    walk.refused("up")
    walk.dev.configure(secrets={"kubiya:apiKey": walk.key})
    walk.up()


def use_a_new_key(walk: Walk) -> None:
    walk.key = walk.new("key")
    walk.emulator.configure(api_key=walk.key)
    walk.dev.configure(secrets={"kubiya:apiKey": walk.key})
    walk.up("--expect-no-changes")
    refresh(walk)


def target_one_of_two_changes(walk: Walk) -> None:
    first, second = walk.pick_two()
    walk.redescribe(first)
    only_first = list(walk.declared)
    walk.redescribe(second)
    walk.write()
    walk.dev.up("--skip-preview", "--target", walk.urn(first))
    walk.check(only_first)
    walk.up()


def destroy_a_target(walk: Walk) -> None:
    item = walk.pick()
    walk.dev.destroy("--skip-preview", "--target", walk.urn(item))
    walk.check([other for other in walk.declared if other is not item])
    walk.put(item, walk.created(item, item.runner))
    walk.disturbed_up()


def lend_to_another_stack(walk: Walk) -> None:
    """Move a resource to another stack, change it there, and move it back."""
    candidates = [item for item in walk.declared if not item.in_group]
    if not candidates:
        return
    item = walk.choose.choice(candidates)
    stayed = [other for other in walk.declared if other is not item]
    walk.dev.run("stack", "init", "other", check=False)
    walk.dev.run("stack", "select", "other")
    walk.dev.configure({"kubiya:baseUrl": walk.emulator.url}, {"kubiya:apiKey": walk.key})
    walk.move_state(item, "dev", "other")
    left, walk.left = walk.left, walk.left | {i.runner: i.description for i in stayed}
    walk.declared = [item]
    walk.redescribe(item)
    walk.up()
    refresh(walk)
    [item] = walk.declared
    walk.move_state(item, "other", "dev")
    walk.left = left
    walk.declared = [*stayed, item]
    walk.up("--expect-no-changes")


def refresh(walk: Walk) -> None:
    walk.dev.refresh("--skip-preview", "--expect-no-changes")
    walk.check()


STEPS: tuple[Step, ...] = (
    describe,
    rename_with_alias,
    move_with_alias,
    rename_without_alias,
    move_without_alias,
    swap_names,
    hand_over_a_name,
    give_another_name,
    add,
    remove,
    ask_to_create_first,
    force_a_replacement,
    retain,
    protect,
    use_another_endpoint,
    use_a_refused_key,
    use_a_new_key,
    target_one_of_two_changes,
    destroy_a_target,
    lend_to_another_stack,
    refresh,
)
"""All steps."""
