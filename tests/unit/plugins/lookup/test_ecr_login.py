"""Lookup ecr_login against an emulated AWS, and role images with and without an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.ansible_runs import local_play, run_module, run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from support.ports import free_port

# Without a profile, as a promotion out of the same account asks.
LOGIN = "{{ lookup('ragops.platform.ecr_login', region='us-east-1', profile=none) | to_json }}"
TOKEN = {"ansible.builtin.include_role": {"name": "ragops.platform.images", "tasks_from": "token"}}


def test_the_login_is_that_of_the_account(aws: Aws) -> None:
    ran = run_module("ansible.builtin.debug", {"msg": f"<{LOGIN}>"}, aws.environment)
    login = json.loads(ran.result["msg"].strip("<>"))
    assert login["username"] == "AWS"
    assert login["password"]


def test_the_role_keeps_it_and_says_why_there_is_none(aws: Aws, tmp_path: Path) -> None:
    def written(name: str, text: str) -> dict[str, Any]:
        return {"ansible.builtin.copy": {"content": text, "dest": f"{tmp_path}/{name}"}}

    def play(**environment: str) -> str:
        tried = {
            "block": [TOKEN, written("user", "{{ __images_token['username'] }}")],
            "rescue": [written("said", "{{ ansible_failed_result['msg'] }}")],
        }
        book = local_play(tmp_path, vars={"platform_region": "us-east-1"}, tasks=[tried])
        ran = run_playbook(ROOT, book, "-v", environment={**aws.environment, **environment})
        assert ran.returncode == 0, ran.output
        return ran.output

    hidden = play()
    assert (tmp_path / "user").read_text() == "AWS"
    assert "password" not in hidden
    play(AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}", AWS_MAX_ATTEMPTS="1")
    said = (tmp_path / "said").read_text()
    answer = "No answer to ecr:GetAuthorizationToken for the account's registry: Could not connect"
    assert said.startswith(f"ECR in us-east-1 gave no authorization token: {answer}")
    assert said.count("Could not connect") == 1
    assert said.endswith("The identity needs ecr:GetAuthorizationToken.")
