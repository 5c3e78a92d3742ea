import { describe, expect, test } from "vitest";
import { isIpAddress, parseServerUrl } from "../../../server/config/server-url.ts";

describe("a URL of the server", () => {
  test.each([
    ["http://127.0.0.1:2379", { scheme: "http", host: "127.0.0.1", port: 2379 }],
    ["HTTPS://h:0", { scheme: "https", host: "h", port: 0 }],
    ["http://[fe80::1]:1", { scheme: "http", host: "fe80::1", port: 1 }],
    ["unix:///run/etcd.sock", { scheme: "unix", path: "/run/etcd.sock" }],
    ["unixs://localhost:1", { scheme: "unixs", path: "localhost:1" }],
  ])("%s is read whole", (text, url) => {
    expect(parseServerUrl(text)).toEqual({ ok: true, value: { ...url, text } });
  });

  test.each([
    "",
    "localhost:1",
    "ftp://a:1",
    "http://a",
    "http://a:1/",
    "http://a:b",
    "http://::1:1",
    "http://a:65536",
  ])("%j is refused", (text) => {
    expect(parseServerUrl(text)).toMatchObject({ ok: false });
  });

  test.each([
    ["127.0.0.1", true],
    ["0.0.0.0", true],
    ["::", true],
    ["::ffff:1.2.3.4", true],
    ["2001:db8::1", true],
    ["127.0.0.01", false],
    ["1.2.3", false],
    ["localhost", false],
    ["", false],
    ["fe80::1%eth0", false],
    [":::1", false],
  ])("%j is an IP address: %s", (host, isIp) => {
    expect(isIpAddress(host)).toBe(isIp);
  });
});
