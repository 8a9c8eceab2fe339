"""Fetches the MIME content of emails with exchangelib, and hashes it: in bulk, with threads.

    exchangelib_client.py ENDPOINT USER PASSWORD plain|patched THREADS ADDRESS < IDS

IDS are item ids, one a line: what it would take to find them is not measured. `patched` replaces its
reader of answers, which takes them from the wire byte by byte.
"""
import hashlib
import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

warnings.filterwarnings("ignore")

from exchangelib import Account, BASIC, Build, Configuration, Credentials, IMPERSONATION, Message, Version
from exchangelib.fields import FieldPath
from exchangelib.items import ID_ONLY
from exchangelib.protocol import BaseProtocol
from exchangelib.services import GetItem
from requests.models import Response

endpoint, user, password, kind, threads, address = sys.argv[1:]
ITEMS_A_REQUEST = 10
ITEMS_A_TASK = 100

if kind == "patched":
    read_pieces = Response.iter_content

    def read_large_pieces(self, chunk_size=1, decode_unicode=False):
        return read_pieces(self, max(chunk_size, 65536), decode_unicode)

    Response.iter_content = read_large_pieces

BaseProtocol.SESSION_POOLSIZE = int(threads)
configuration = Configuration(
    service_endpoint=endpoint,
    credentials=Credentials(user, password),
    auth_type=BASIC,
    version=Version(Build(15, 2, 0, 0)),
    max_connections=int(threads),
)
account = Account(address, config=configuration, access_type=IMPERSONATION, autodiscover=False)
content = FieldPath(field=Message.get_field_by_fieldname("mime_content"))
ids = [(line.strip(), None) for line in sys.stdin]


def fetch(some):
    service = GetItem(account=account, chunk_size=ITEMS_A_REQUEST)
    count = 0
    for item in service.call(items=some, additional_fields={content}, shape=ID_ONLY):
        hashlib.sha256(item.mime_content).digest()
        count += 1
    return count


started = time.monotonic()
tasks = [ids[at:at + ITEMS_A_TASK] for at in range(0, len(ids), ITEMS_A_TASK)]
with ThreadPoolExecutor(int(threads)) as pool:
    delivered = sum(pool.map(fetch, tasks))
print(json.dumps({"delivered": delivered, "tookMs": (time.monotonic() - started) * 1000}))
