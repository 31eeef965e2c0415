"""An OIDC provider comes back, has exactly its audiences, and goes."""

from __future__ import annotations

from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    tag_list,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import oidc_provider
from botocore.stub import Stubber
from support.drifts import named
from support.drifts.eks import DRIFTS, ISSUER
from support.lifecycle import TAGS, Life, World
from support.stubbed import Script


def test_an_oidc_provider_comes_back_and_goes(world: World) -> None:
    remove = named("provider deleted", DRIFTS["iam_oidc_provider"]).on("ragops-test")
    Life(world, "iam_oidc_provider", {"url": ISSUER, "tags": TAGS}).whole([remove])


def test_a_plan_calls_it_as_the_run_does_though_its_url_is_not_known_yet(world: World) -> None:
    unknown = "(known after creation)"
    planned = world.run(
        "iam_oidc_provider", {"url": f"https://{unknown}", "tags": TAGS}, check=True
    )
    done = world.run("iam_oidc_provider", {"url": ISSUER, "tags": TAGS})
    gone = world.run("iam_oidc_provider", {"url": ISSUER, "tags": TAGS, "state": "absent"})
    assert [set(each["diff"]["after"]) for each in (planned, done)] == [{"OIDC provider"}] * 2
    ids = [each["diff"]["ids"]["OIDC provider"] for each in (planned, done, gone)]
    assert ids == [unknown, *[ISSUER.removeprefix("https://")] * 2]


def test_an_oidc_provider_has_exactly_its_audiences(world: World) -> None:
    """The emulator has no call that changes a provider, so the SDK's own model judges ours."""
    iam = world.aws.client("iam")
    arn = "arn:aws:iam::000000000000:oidc-provider/oidc.eks"
    which = {"OpenIDConnectProviderArn": arn}
    before = {"issuer": "i", "client_ids": ["old"], "thumbprints": ["a" * 40], "tags": {"x": "1"}}
    wanted = {"client_ids": ["new"], "thumbprints": ["b" * 40], "tags": TAGS}
    with Stubber(iam) as stub:
        for name, more in (
            ("add_client_id_to_open_id_connect_provider", {"ClientID": "new"}),
            ("remove_client_id_from_open_id_connect_provider", {"ClientID": "old"}),
            ("update_open_id_connect_provider_thumbprint", {"ThumbprintList": ["b" * 40]}),
            ("tag_open_id_connect_provider", {"Tags": tag_list(TAGS)}),
        ):
            stub.add_response(name, {}, {**which, **more})
        target = oidc_provider.wanted_of(before, ISSUER, wanted)
        oidc_provider.update(Api(iam), arn, before, target)
        stub.assert_no_pending_responses()


def test_a_provider_that_was_made_just_before_is_kept_as_it_is() -> None:
    """IAM refuses a second one, and lists the first one late."""
    arn = "arn:aws:iam::0:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"
    listed = {"OpenIDConnectProviderList": [{"Arn": arn}]}
    wanted = {"client_ids": ["sts.amazonaws.com"], "thumbprints": None, "tags": TAGS}
    script = Script("iam")
    script.says("list_open_id_connect_providers", {"OpenIDConnectProviderList": []})
    script.refuses("create_open_id_connect_provider", *oidc_provider.THERE)
    script.says("list_open_id_connect_providers", {"OpenIDConnectProviderList": []})
    for _ in range(2):
        script.says("list_open_id_connect_providers", listed)
        found = {"ClientIDList": wanted["client_ids"], "Tags": tag_list(TAGS)}
        script.says("get_open_id_connect_provider", found)
    plan = Plan()
    with script.played() as api:
        assert oidc_provider.ensure_present(api, plan, ISSUER, wanted)[0] == arn
    assert not plan.changed
