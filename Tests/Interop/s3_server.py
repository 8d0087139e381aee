# SPDX-License-Identifier: Apache-2.0
"""s3_server.py FOLDER CREDENTIALS: an S3 server (moto) on the loopback until its input ends, which checks signatures; prints its port.

The bucket `images` holds the files of FOLDER, and may be read by the user whose key and secret are written into the file CREDENTIALS.
"""

import json
import os
import pathlib
import sys
import urllib.request

import boto3
import moto.server

folder = pathlib.Path(sys.argv[1])
server = moto.server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
address = f"http://{host}:{port}"
anybody = {"endpoint_url": address, "region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}

users = boto3.client("iam", **anybody)
users.create_user(UserName="reader")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
users.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
key = users.create_access_key(UserName="reader")["AccessKey"]
pathlib.Path(sys.argv[2]).write_text(f"{key['AccessKeyId']} {key['SecretAccessKey']}")

files = boto3.client("s3", **anybody)
files.create_bucket(Bucket="images")
for file in folder.rglob("*"):
    if file.is_file():
        files.put_object(Bucket="images", Key=str(file.relative_to(folder)), Body=file.read_bytes())

# From here on requests are checked.
urllib.request.urlopen(urllib.request.Request(address + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"))
print(port, flush=True)
sys.stdin.read()
os._exit(0)
