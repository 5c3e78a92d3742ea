//! Checks a cluster with the crate etcd-client: one line for each feature, "ok" or "FAIL" with the reason.

use etcd_client::{
    Certificate, Client, Compare, CompareOp, ConnectOptions, DeleteOptions, Error, EventType, LockOptions, PutOptions,
    TlsOptions, Txn, TxnOp, TxnOpResponse, WatchOptions,
};
use std::env::var;
use std::time::Duration;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(20);

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn setting(name: &str) -> String {
    var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn key(name: &str) -> String {
    setting("CHECK_PREFIX") + name
}

fn expect(holds: bool, what: String) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

async fn connect(password: &str) -> Result<Client, Error> {
    let ca = std::fs::read(setting("CHECK_CA")).expect("the authority's certificate can be read");
    let tls = TlsOptions::new().ca_certificate(Certificate::from_pem(ca));
    let options = ConnectOptions::new().with_tls(tls).with_user(setting("CHECK_USER"), password);
    let endpoints: Vec<String> = setting("CHECK_ENDPOINTS").split(',').map(|at| format!("https://{at}")).collect();
    Client::connect(endpoints, Some(options)).await
}

async fn put(client: &mut Client) -> Outcome {
    client.put(key("a"), "1", None).await?;
    Ok(())
}

async fn get(client: &mut Client) -> Outcome {
    let answer = client.get(key("a"), None).await?;
    expect(answer.kvs().len() == 1 && answer.kvs()[0].value() == b"1", format!("got {:?}", answer.kvs()))
}

async fn txn(client: &mut Client) -> Outcome {
    let when = || [Compare::value(key("a"), CompareOp::Equal, "1")];
    let first = Txn::new().when(when()).and_then([TxnOp::put(key("a"), "2", None)]);
    let taken = client.txn(first).await?.succeeded();
    let second = Txn::new().when(when()).or_else([TxnOp::get(key("a"), None)]);
    let other = client.txn(second).await?;
    let seen = match other.op_responses().first() {
        Some(TxnOpResponse::Get(answer)) => answer.kvs()[0].value().to_vec(),
        _ => vec![],
    };
    expect(taken && !other.succeeded() && seen == b"2", format!("{taken}, {}, {seen:?}", other.succeeded()))
}

async fn delete_range(client: &mut Client) -> Outcome {
    for name in ["d/1", "d/2", "d/3"] {
        client.put(key(name), "x", None).await?;
    }
    let options = DeleteOptions::new().with_prefix().with_prev_key();
    let answer = client.delete(key("d/"), Some(options)).await?;
    expect(answer.deleted() == 3 && answer.prev_kvs().len() == 3, format!("deleted {}", answer.deleted()))
}

async fn watch(client: &mut Client) -> Outcome {
    let from = client.put(key("w"), "1", None).await?.header().map_or(0, |header| header.revision());
    client.delete(key("w"), None).await?;
    let options = WatchOptions::new().with_start_revision(from);
    let (_watcher, mut stream) = client.watch(key("w"), Some(options)).await?;
    let mut kinds = vec![];
    while kinds.len() < 2 {
        match stream.message().await? {
            Some(answer) => kinds.extend(answer.events().iter().map(|event| event.event_type())),
            None => break,
        }
    }
    expect(kinds == [EventType::Put, EventType::Delete], format!("seen {kinds:?}"))
}

async fn lease(client: &mut Client) -> Outcome {
    let id = client.lease_grant(30, None).await?.id();
    client.put(key("l"), "x", Some(PutOptions::new().with_lease(id))).await?;
    let (mut keeper, mut answers) = client.lease_keep_alive(id).await?;
    keeper.keep_alive().await?;
    let ttl = answers.message().await?.map_or(0, |answer| answer.ttl());
    client.lease_revoke(id).await?;
    let left = client.get(key("l"), None).await?.count();
    expect(ttl == 30 && left == 0, format!("ttl {ttl}, keys left {left}"))
}

async fn lock(client: &mut Client) -> Outcome {
    let first = client.lease_grant(30, None).await?.id();
    let second = client.lease_grant(30, None).await?.id();
    let held = client.lock(key("lock"), Some(LockOptions::new().with_lease(first))).await?;
    let mut other = client.clone();
    let name = key("lock");
    let waiting = tokio::spawn(async move { other.lock(name, Some(LockOptions::new().with_lease(second))).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    expect(!waiting.is_finished(), "two hold the lock".into())?;
    client.unlock(held.key()).await?;
    waiting.await??;
    client.lease_revoke(first).await?;
    client.lease_revoke(second).await?;
    Ok(())
}

async fn auth_failure(client: &mut Client) -> Outcome {
    let login = connect("wrong").await.err().map(|error| error.to_string()).unwrap_or_default();
    expect(login.contains("authentication failed"), format!("a wrong password: {login:?}"))?;
    let forbidden = client.put("forbidden", "x", None).await.err().map(|error| error.to_string()).unwrap_or_default();
    expect(forbidden.contains("permission denied"), format!("a forbidden key: {forbidden:?}"))
}

macro_rules! check {
    ($client:expr, $name:literal, $run:ident) => {
        match timeout(TIMEOUT, $run(&mut $client)).await {
            Ok(Ok(())) => println!("ok   {}", $name),
            Ok(Err(error)) => println!("FAIL {}: {}", $name, error.to_string().replace('\n', " ")),
            Err(_) => println!("FAIL {}: no answer in time", $name),
        }
    };
}

#[tokio::main]
async fn main() {
    let mut client = match connect(&setting("CHECK_PASSWORD")).await {
        Ok(client) => client,
        Err(error) => return println!("FAIL connect: {error}"),
    };
    check!(client, "put", put);
    check!(client, "get", get);
    check!(client, "txn", txn);
    check!(client, "delete range", delete_range);
    check!(client, "watch", watch);
    check!(client, "lease", lease);
    check!(client, "lock", lock);
    check!(client, "auth failure", auth_failure);
}
