"""People of a user pool of the emulated Cognito; runs inside the world.

cognito.py make PAGES          makes pool, client and users: {"issuer", "client", "secret"}
cognito.py sign-in URL NAME    signs in at the page of URL: where it sends the browser back to
"""

from __future__ import annotations

import html
import json
import re
import sys

import boto3
import httpx

PASSWORD = "Rehearsal-of-people-1"
PEOPLE = {"ada": "rag-admins", "rex": "rag-readers", "eve": ""}
"""Names of users, each with its group."""


def make(pages: str) -> dict[str, str]:
    """A pool with its client, as an operator makes it for the application."""
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    for group in sorted(filter(None, PEOPLE.values())):
        cognito.create_group(UserPoolId=pool, GroupName=group)
    for name, group in PEOPLE.items():
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True
        )
        if group:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="pages",
        GenerateSecret=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid", "email", "profile"],
        CallbackURLs=[f"{pages}/api/v1/auth/callback"],
        LogoutURLs=[f"{pages}/sign-in"],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]
    issuer = f"https://cognito-idp.{cognito.meta.region_name}.amazonaws.com/{pool}"
    return {"issuer": issuer, "client": client["ClientId"], "secret": client["ClientSecret"]}


def sign_in(url: str, name: str) -> str:
    """Fill the page in as a browser does."""
    with httpx.Client(timeout=20) as browser:
        page = browser.get(url)
        page.raise_for_status()
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        form = {key: html.unescape(value) for key, value in hidden}
        there = httpx.URL(url).join("/login")
        sent = browser.post(there, data={**form, "username": name, "password": PASSWORD})
        return str(sent.headers["location"])


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    print(json.dumps(make(*arguments) if verb == "make" else sign_in(*arguments)))
