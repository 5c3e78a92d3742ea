import { describe, expect, test } from "vitest";
import { memberConfig, peerUrlOf, type MemberPlace } from "../../../server/cli/member-flags.ts";

const PLACE: MemberPlace = {
  clusterUid: "uid",
  podName: "x-0",
  peerHostSuffix: "x-peers.ns.svc",
  dataDir: "/var/lib/kvorum",
  clientPort: 2379,
  peerPort: 2380,
  listenHost: "0.0.0.0",
};

const texts = (urls: readonly { readonly text: string }[]): readonly string[] => urls.map(({ text }) => text);

describe("a member's configuration", () => {
  test("follows from its pod", () => {
    const { config } = memberConfig(PLACE, []);
    expect(config.name).toBe("x-0");
    expect(config.dataDir).toBe("/var/lib/kvorum");
    expect(config.initialClusterToken).toBe("uid");
    expect(texts(config.initialAdvertisePeerUrls)).toEqual(["http://x-0.x-peers.ns.svc:2380"]);
    expect(texts(config.advertiseClientUrls)).toEqual(["http://x-0.x-peers.ns.svc:2379"]);
    expect(texts(config.listenPeerUrls)).toEqual(["http://0.0.0.0:2380"]);
    expect(texts(config.listenClientUrls)).toEqual(["http://0.0.0.0:2379"]);
    expect(peerUrlOf(PLACE)).toBe("http://x-0.x-peers.ns.svc:2380");
  });

  test("listens on IPv6 addresses and on other ports", () => {
    const { config } = memberConfig({ ...PLACE, listenHost: "::", clientPort: 1, peerPort: 2 }, []);
    expect(texts(config.listenPeerUrls)).toEqual(["http://[::]:2"]);
    expect(texts(config.advertiseClientUrls)).toEqual(["http://x-0.x-peers.ns.svc:1"]);
  });

  test("listens everywhere if it is not told where", () => {
    const { config } = memberConfig({ ...PLACE, listenHost: undefined }, []);
    expect(["http://[::]:2380", "http://0.0.0.0:2380"]).toContain(texts(config.listenPeerUrls)[0]);
  });

  test("takes the user's flags, and warns as etcd does", () => {
    const { config, warnings } = memberConfig(PLACE, ["--quota-backend-bytes=123", "--max-wals", "7"]);
    expect(config.quotaBackendBytes).toBe(123);
    expect(warnings.some(({ message }) => message.includes("max-wals"))).toBe(true);
  });

  test("is not read from the environment", () => {
    process.env["ETCD_QUOTA_BACKEND_BYTES"] = "5";
    expect(memberConfig(PLACE, []).config.quotaBackendBytes).toBe(0);
    delete process.env["ETCD_QUOTA_BACKEND_BYTES"];
  });

  test.each([
    ["name", "y"],
    ["data-dir", "/tmp"],
    ["wal-dir", "/tmp"],
    ["initial-cluster", "y=http://y:1"],
    ["initial-cluster-state", "existing"],
    ["initial-cluster-token", "t"],
    ["initial-advertise-peer-urls", "http://y:1"],
    ["advertise-client-urls", "http://y:1"],
    ["listen-peer-urls", "http://127.0.0.1:1"],
    ["listen-client-urls", "http://127.0.0.1:1"],
    ["listen-client-http-urls", "http://127.0.0.1:1"],
    ["listen-metrics-urls", "http://127.0.0.1:1"],
    ["config-file", "/etc/etcd.yaml"],
    ["discovery-srv", "example.com"],
    ["force-new-cluster", "true"],
    ["version", "true"],
  ])("does not let the user set --%s", (name, value) => {
    expect(() => memberConfig(PLACE, [`--${name}=${value}`])).toThrow(
      `--${name} is not for the user of an operated cluster to set`,
    );
  });

  test.each([
    ["an unknown flag", ["--no-such-flag"], "flag provided but not defined: -no-such-flag"],
    ["a bad value", ["--heartbeat-interval=often"], "invalid value"],
    ["settings that cannot be", ["--heartbeat-interval=1000"], "should be at least as 5 times"],
    ["a word", ["serve"], `"serve" is not a valid flag`],
    ["--help", ["--help"], "etcd --help"],
  ])("refuses %s", (_what, flags, sentence) => {
    expect(() => memberConfig(PLACE, flags)).toThrow(sentence);
  });
});
