"""Print user and password of the account's ECR registry as JSON.

No collection has this call, and the AWS CLI is no requirement of the platform.
Argument: the region. Region, endpoint and credentials are those of any AWS client.
"""

from __future__ import annotations

import base64
import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def main(region: str) -> int:
    try:
        answer = boto3.client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    token = answer["authorizationData"][0]["authorizationToken"]
    username, password = base64.b64decode(token).decode().split(":", 1)
    sys.stdout.write(json.dumps({"username": username, "password": password}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
