"""Checks a cluster with the package etcd3: one line for each feature, "ok" or "FAIL" with the reason."""

import os
import queue

import etcd3
import grpc

PREFIX = os.environ["CHECK_PREFIX"]
TIMEOUT_SECONDS = 20


def connect(password):
    host, port = os.environ["CHECK_ENDPOINTS"].split(",")[0].split(":")
    return etcd3.client(
        host=host,
        port=int(port),
        ca_cert=os.environ["CHECK_CA"],
        user=os.environ["CHECK_USER"],
        password=password,
        timeout=TIMEOUT_SECONDS,
    )


def put(client):
    client.put(PREFIX + "a", "1")


def get(client):
    value, metadata = client.get(PREFIX + "a")
    assert value == b"1" and metadata.version >= 1, value


def txn(client):
    functions = client.transactions
    when = [functions.value(PREFIX + "a") == "1"]
    taken, _ = client.transaction(compare=when, success=[functions.put(PREFIX + "a", "2")], failure=[])
    other, found = client.transaction(compare=when, success=[], failure=[functions.get(PREFIX + "a")])
    assert taken and not other and found[0][0][0] == b"2", (taken, other, found)


def delete_range(client):
    for name in ("d/1", "d/2", "d/3"):
        client.put(PREFIX + name, "x")
    assert client.delete_prefix(PREFIX + "d/").deleted == 3


def watch(client):
    seen = queue.Queue()
    watch_id = client.add_watch_callback(PREFIX + "w", seen.put)
    client.put(PREFIX + "w", "1")
    client.delete(PREFIX + "w")
    kinds = []
    while len(kinds) < 2:
        kinds += [type(event).__name__ for event in seen.get(timeout=TIMEOUT_SECONDS).events]
    client.cancel_watch(watch_id)
    assert kinds == ["PutEvent", "DeleteEvent"], kinds


def lease(client):
    granted = client.lease(30)
    client.put(PREFIX + "l", "x", lease=granted)
    refreshed = list(granted.refresh())
    granted.revoke()
    assert refreshed[0].TTL == 30 and client.get(PREFIX + "l")[0] is None, refreshed


def lock(client):
    first = client.lock(PREFIX + "lock", ttl=10)
    second = client.lock(PREFIX + "lock", ttl=10)
    assert first.acquire(timeout=TIMEOUT_SECONDS), "the first was not given"
    assert not second.acquire(timeout=1), "two hold the lock"
    first.release()
    assert second.acquire(timeout=TIMEOUT_SECONDS), "the second was not given"
    second.release()


def auth_failure(client):
    refused(lambda: connect("wrong"), "authentication failed")
    refused(lambda: client.put("forbidden", "x"), "permission denied")


def refused(call, reason):
    try:
        call()
    except (grpc.RpcError, etcd3.exceptions.Etcd3Exception) as error:
        cause = error.__cause__ or error.__context__ or error
        assert reason in f"{error!r} {cause!r}", repr(error)
    else:
        raise AssertionError("not refused: " + reason)


def main():
    client = connect(os.environ["CHECK_PASSWORD"])
    for check in (put, get, txn, delete_range, watch, lease, lock, auth_failure):
        name = check.__name__.replace("_", " ")
        try:
            check(client)
            print("ok  ", name, flush=True)
        except Exception as error:  # one line for whatever goes wrong
            print(f"FAIL {name}: {error!r}".replace("\n", " "), flush=True)
    client.close()


main()
