"""What a program's rules deny and let pass."""

import pytest

from kubiya_pulumi.review import (
    ManifestPolicy,
    ManifestPolicyError,
    ReviewDeniedError,
    Waiver,
    review,
)
from tests.review.manifest_objects import (
    NAMESPACE,
    account,
    bound,
    cluster_role,
    container,
    deployment,
    parsed,
    pod_spec,
    rule,
    thing,
)

PRIVILEGED = deployment(
    pod_spec(container(securityContext={"privileged": True}), serviceAccountName="app")
)
MANIFEST = parsed(
    thing("Namespace", NAMESPACE, ""),
    account(),
    cluster_role(rule("*", "*", "*"), name="everything"),
    bound("everything"),
    PRIVILEGED,
)


def denied(**rules):
    return {each.rule for each in review(MANIFEST, ManifestPolicy(**rules)).denied}


def test_as_they_come_the_rules_report_all_and_deny_nothing():
    found = review(MANIFEST)
    assert {each.rule for each in found.findings} >= {
        "full-access",
        "baseline-privileged-containers",
    }
    assert found.denied == ()


@pytest.mark.parametrize(
    ("deny", "hit"),
    [
        (["full-access"], {"full-access"}),
        (["baseline-*"], {"baseline-privileged-containers"}),
        (["baseline-host-ports"], set()),
        # A role that allows everything breaks each rule about rights.
        (["read-secrets"], {"full-access"}),
        (["nodes-*"], {"full-access"}),
        (["error"], {"full-access", "baseline-privileged-containers"}),
        (["note"], set()),
    ],
)
def test_rules_are_denied_by_name_by_pattern_and_by_severity(deny, hit):
    assert denied(deny=deny) == hit


def test_everything_can_be_denied():
    found = review(MANIFEST, ManifestPolicy(deny=["*"]))
    assert found.denied == found.findings != ()


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("full-access", "ClusterRole/everything"),
        ("full-access", "everything"),
        ("*", "ClusterRole/every*"),
        ("full-*", "*"),
    ],
)
def test_a_waiver_lets_pass_what_its_rule_finds_on_its_object(rule, name):
    rules = ManifestPolicy(deny=["full-access"], allow=[Waiver(rule, name, "it runs our tools")])
    found = review(MANIFEST, rules)
    assert found.denied == ()
    [waived] = [each for each in found.waived if each.finding.rule == "full-access"]
    assert waived.reason == "it runs our tools"
    assert waived.finding not in found.findings
    assert found.unused_waivers == ()


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("read-secrets", "everything"),
        ("full-access", "ClusterRole/other"),
        ("full-access", "Role/everything"),
        ("full-access", "every"),
    ],
)
def test_a_waiver_for_something_else_lets_nothing_pass_and_is_told(rule, name):
    waiver = Waiver(rule, name, "because")
    found = review(MANIFEST, ManifestPolicy(deny=["full-access"], allow=[waiver]))
    assert {each.rule for each in found.denied} == {"full-access"}
    assert found.unused_waivers == (waiver,)


def test_a_waiver_is_good_for_the_lists_too():
    lists = {"images": [], "namespaces": [], "kinds": []}
    waivers = [
        Waiver("*-not-allowed", pattern, "known") for pattern in ("*/app", "everything", "*")
    ]
    assert denied(**lists, allow=waivers) == set()


@pytest.mark.parametrize(
    ("image", "pattern", "allowed"),
    [
        ("ghcr.io/kubiyabot/app:v1", "ghcr.io/kubiyabot/*", True),
        ("ghcr.io/kubiyabot-evil/app:v1", "ghcr.io/kubiyabot/*", False),
        ("nginx:1", "docker.io/library/*", True),
        ("nginx:1", "nginx:*", True),
        ("bitnami/nginx:1", "docker.io/bitnami/*", True),
        ("localhost/app", "docker.io/*", False),
        ("registry:5000/app", "registry:5000/*", True),
    ],
)
def test_images_are_known_as_written_and_by_their_full_name(image, pattern, allowed):
    objects = parsed(deployment(pod_spec(container(image=image))))
    found = review(objects, ManifestPolicy(images=[pattern])).denied
    assert (found == ()) == allowed


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"deny": ["cluster-admni"]}, 'no rule "cluster-admni"; did you mean "cluster-admin"?'),
        ({"deny": ["!!"]}, 'no rule "!!"; docs/review.md lists them'),
        ({"deny": ["baselin-*"]}, 'no rule "baselin-*"; did you mean "baseline-'),
        ({"deny": "*"}, "deny has to be a list of texts"),
        ({"deny": None}, "deny has to be a list of texts"),
        ({"deny": [""]}, "deny has to be a list of texts that are not empty"),
        ({"images": ["a", 5]}, "images has to be a list of texts"),
        ({"namespaces": {"a": "b"}}, "namespaces has to be a list of texts"),
        ({"kinds": "Secret"}, "kinds has to be a list of texts"),
        ({"allow": ["full-access"]}, "allow has to be a list of Waiver"),
        ({"allow": None}, "allow has to be a list of Waiver"),
        ({"allow": [Waiver("full-acess", "*", "so")]}, 'did you mean "full-access"?'),
    ],
)
def test_rules_that_cannot_be_are_refused(rules, problem):
    with pytest.raises(ManifestPolicyError) as refused:
        ManifestPolicy(**rules)
    assert problem in str(refused.value)


@pytest.mark.parametrize("missing", ["rule", "object", "reason"])
@pytest.mark.parametrize("value", ["", "  ", None, 5])
def test_a_waiver_names_the_rule_and_the_object_and_gives_a_reason(missing, value):
    given = {"rule": "bind", "object": "app", "reason": "so"} | {missing: value}
    with pytest.raises(ManifestPolicyError, match=f"a waiver's {missing} has to be a text"):
        Waiver(**given)


def test_rules_come_back_from_plain_data():
    rules = ManifestPolicy(
        deny=["error", "baseline-*"],
        allow=[Waiver("full-access", "everything", "so")],
        images=["ghcr.io/*"],
        namespaces=[],
    )
    assert ManifestPolicy.from_dict(rules.to_dict()) == rules
    assert ManifestPolicy.from_dict(ManifestPolicy().to_dict()) == ManifestPolicy()
    assert ManifestPolicy.from_dict({}) == ManifestPolicy()
    assert ManifestPolicy.from_dict({"images": None}) == ManifestPolicy()
    # None is another thing than an empty list, which allows nothing.
    assert ManifestPolicy.from_dict({"images": []}) != ManifestPolicy()


WAIVER = {"rule": "bind", "object": "app", "reason": "so"}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, 'the rules must be an object with "deny", "allow"'),
        ([], "the rules must be an object"),
        ({"denied": []}, 'and no "denied"'),
        ({5: []}, 'and no "5"'),
        ({"deny": {}}, "deny has to be a list"),
        ({"allow": WAIVER}, "allow has to be a list of waivers"),
        ({"allow": ["bind"]}, "a waiver must be an object"),
        ({"allow": [{"rule": "bind"}]}, 'a waiver lacks "object", "reason"'),
        ({"allow": [{**WAIVER, "until": "2030"}]}, 'and no "until"'),
        ({"allow": [{**WAIVER, "reason": None}]}, "a waiver's reason has to be a text"),
    ],
)
def test_data_that_is_no_rules_is_refused(data, problem):
    with pytest.raises(ManifestPolicyError) as refused:
        ManifestPolicy.from_dict(data)
    assert problem in str(refused.value)


def test_a_refusal_lists_every_finding_that_is_denied():
    found = review(MANIFEST, ManifestPolicy(deny=["error"]))
    with pytest.raises(ReviewDeniedError) as refused:
        found.raise_for_denied('the manifest of runner "x"')
    first, *listed, last = str(refused.value).splitlines()
    assert first == 'the manifest of runner "x" is not applied, because its rules deny 2 findings:'
    assert listed == [f"  {each.rule}: {each.object}: {each.message}" for each in found.denied]
    assert "Waiver(rule, object, reason)" in last


def test_nothing_is_refused_where_nothing_is_denied():
    review(MANIFEST).raise_for_denied("the manifest")
