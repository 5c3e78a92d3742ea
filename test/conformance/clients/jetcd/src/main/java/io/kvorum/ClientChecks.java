package io.kvorum;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Txn;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Checks a cluster with jetcd: one line for each feature, "ok" or "FAIL" with the reason. */
public final class ClientChecks {
  private static final long TIMEOUT_SECONDS = 20;
  private static final String PREFIX = System.getenv("CHECK_PREFIX");

  private interface Check {
    void run(Client client) throws Exception;
  }

  private ClientChecks() {}

  public static void main(String[] args) {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("put", ClientChecks::put);
    checks.put("get", ClientChecks::get);
    checks.put("txn", ClientChecks::txn);
    checks.put("delete range", ClientChecks::deleteRange);
    checks.put("watch", ClientChecks::watch);
    checks.put("lease", ClientChecks::lease);
    checks.put("lock", ClientChecks::lock);
    checks.put("auth failure", ClientChecks::authFailure);
    try (Client client = connect(System.getenv("CHECK_PASSWORD"))) {
      checks.forEach((name, check) -> report(name, check, client));
    } catch (Exception error) {
      System.out.println("FAIL connect: " + oneLine(error));
    }
    System.exit(0);
  }

  private static void report(String name, Check check, Client client) {
    try {
      check.run(client);
      System.out.println("ok   " + name);
    } catch (Exception | AssertionError error) {
      System.out.println("FAIL " + name + ": " + oneLine(error));
    }
  }

  private static String oneLine(Throwable error) {
    return String.valueOf(error).replace('\n', ' ');
  }

  private static Client connect(String password) throws Exception {
    String[] endpoints =
        Arrays.stream(System.getenv("CHECK_ENDPOINTS").split(",")).map(at -> "https://" + at).toArray(String[]::new);
    File ca = new File(System.getenv("CHECK_CA"));
    return Client.builder()
        .endpoints(endpoints)
        .sslContext(context -> context.trustManager(ca))
        .user(bytes(System.getenv("CHECK_USER")))
        .password(bytes(password))
        .build();
  }

  private static void put(Client client) throws Exception {
    await(client.getKVClient().put(key("a"), bytes("1")));
  }

  private static void get(Client client) throws Exception {
    var kvs = await(client.getKVClient().get(key("a"))).getKvs();
    expect(kvs.size() == 1 && kvs.get(0).getValue().equals(bytes("1")), "got " + kvs);
  }

  private static void txn(Client client) throws Exception {
    Cmp isOne = new Cmp(key("a"), Cmp.Op.EQUAL, CmpTarget.value(bytes("1")));
    Txn first = client.getKVClient().txn().If(isOne).Then(Op.put(key("a"), bytes("2"), PutOption.DEFAULT));
    expect(await(first.commit()).isSucceeded(), "the first was not taken");
    Txn second = client.getKVClient().txn().If(isOne).Else(Op.get(key("a"), GetOption.DEFAULT));
    var answer = await(second.commit());
    expect(!answer.isSucceeded(), "the second was taken");
    var seen = answer.getGetResponses().get(0).getKvs().get(0).getValue();
    expect(seen.equals(bytes("2")), "seen " + seen);
  }

  private static void deleteRange(Client client) throws Exception {
    for (String name : new String[] {"d/1", "d/2", "d/3"}) await(client.getKVClient().put(key(name), bytes("x")));
    var option = DeleteOption.builder().isPrefix(true).withPrevKV(true).build();
    var answer = await(client.getKVClient().delete(key("d/"), option));
    expect(answer.getDeleted() == 3 && answer.getPrevKvs().size() == 3, "deleted " + answer.getDeleted());
  }

  private static void watch(Client client) throws Exception {
    long from = await(client.getKVClient().put(key("w"), bytes("1"))).getHeader().getRevision();
    await(client.getKVClient().delete(key("w")));
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    var option = WatchOption.builder().withRevision(from).build();
    try (Watch.Watcher ignored =
        client.getWatchClient()
            .watch(key("w"), option, answer -> answer.getEvents().forEach(each -> seen.add(each.getEventType().name())))) {
      for (String wanted : new String[] {"PUT", "DELETE"}) {
        String event = seen.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        expect(wanted.equals(event), "wanted " + wanted + ", seen " + event);
      }
    }
  }

  private static void lease(Client client) throws Exception {
    long id = await(client.getLeaseClient().grant(30)).getID();
    await(client.getKVClient().put(key("l"), bytes("x"), PutOption.builder().withLeaseId(id).build()));
    long ttl = await(client.getLeaseClient().keepAliveOnce(id)).getTTL();
    await(client.getLeaseClient().revoke(id));
    long left = await(client.getKVClient().get(key("l"))).getCount();
    expect(ttl == 30 && left == 0, "ttl " + ttl + ", keys left " + left);
  }

  private static void lock(Client client) throws Exception {
    long first = await(client.getLeaseClient().grant(30)).getID();
    long second = await(client.getLeaseClient().grant(30)).getID();
    ByteSequence held = await(client.getLockClient().lock(key("lock"), first)).getKey();
    var waiting = client.getLockClient().lock(key("lock"), second);
    try {
      waiting.get(500, TimeUnit.MILLISECONDS);
      throw new AssertionError("two hold the lock");
    } catch (TimeoutException expected) {
      // Somebody else holds it.
    }
    await(client.getLockClient().unlock(held));
    await(waiting);
    await(client.getLeaseClient().revoke(first));
    await(client.getLeaseClient().revoke(second));
  }

  private static void authFailure(Client client) throws Exception {
    try (Client other = connect("wrong")) {
      refused(() -> await(other.getKVClient().get(key("a"))), "authentication failed");
    }
    refused(() -> await(client.getKVClient().put(bytes("forbidden"), bytes("x"))), "permission denied");
  }

  private interface Call {
    Object run() throws Exception;
  }

  private static void refused(Call call, String reason) {
    try {
      call.run();
    } catch (Exception error) {
      for (Throwable at = error; at != null; at = at.getCause()) {
        if (String.valueOf(at.getMessage()).contains(reason)) return;
      }
      throw new AssertionError("not \"" + reason + "\" but " + error);
    }
    throw new AssertionError("not refused: " + reason);
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  private static void expect(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  private static ByteSequence key(String name) {
    return bytes(PREFIX + name);
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
