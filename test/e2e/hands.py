"""What a data scientist does in a notebook, from the first line to the last; test/e2e/hands.ts runs it."""

import os

import pandas as pd

from scr_modelops import Client, ServiceError

NAME, V1, V2 = os.environ["NAME"], os.environ["V1"], os.environ["V2"]
FILE, SCORED = os.environ["FILE"], os.environ["SCORED"]

client = Client()
client.models.deploy(NAME, V1, wait=True)
loans = pd.read_csv(FILE)
scored = client.score(NAME, loans)
print("frame:", len(scored) == len(loans) and scored.index.equals(loans.index), scored["_error"].isna().all())

counts = client.score_csv(NAME, FILE, SCORED)
print("file:", counts.rows == len(loans), counts.failed)
in_file = pd.read_csv(SCORED)["P_BAD1"]
print("both the same:", (in_file == scored["P_BAD1"].astype("float64")).all())

client.models.challenger(NAME, V2, wait=True)
comparison = client.models.compare(NAME, FILE)
print("compared:", comparison.rows == len(loans))
client.models.traffic(NAME, {f"{NAME}-00001": 80, "challenger": 20}, wait=True)
shares = client.score(NAME, loans, route="mixed", revision_column=True)["_revision"].value_counts()
print("shared by:", sorted(shares.index.str.removeprefix(NAME)), 0.1 < shares.min() / len(loans) < 0.3)
client.models.promote(NAME, "challenger", wait=True)
newer = client.score(NAME, loans)
print("promoted, other scores:", not newer["P_BAD1"].equals(scored["P_BAD1"]))
client.models.rollback(NAME, wait=True)
client.models.rollback(NAME, wait=True)
print("rolled back, the first scores:", client.score(NAME, loans)["P_BAD1"].equals(scored["P_BAD1"]))
client.models.delete(NAME, wait=True)
try:
    client.models.get(NAME)
except ServiceError as error:
    print("deleted:", error.status)
try:
    Client(token="not.a.token").models.list()
except ServiceError as error:
    print("without a token of the cluster:", error.status)
