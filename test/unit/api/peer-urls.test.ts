import { expect, test } from "vitest";
import { checkPeerUrls } from "../../../server/api/peer-urls.ts";

test.each([
  "http://127.0.0.1:2380",
  "https://m0.example:2380",
  "http://[::1]:2380",
  "unix://m0:1",
  "http://[fe80::1%eth0]:1",
])("a peer may be at %s", (url) => {
  expect(() => checkPeerUrls([url])).not.toThrow();
});

test.each([
  ["no URL at all", []],
  ["nothing", [""]],
  ["no scheme", ["127.0.0.1:2380"]],
  ["a scheme that is none of peers", ["ftp://127.0.0.1:2380"]],
  ["no port", ["http://127.0.0.1"]],
  ["a path", ["http://127.0.0.1:2380/"]],
  ["a bracket that is not closed", ["http://[::1"]],
  ["a bracket that is not closed before a port", ["http://[::1:2380"]],
  ["an address with colons and no brackets", ["http://::1:2380"]],
  ["a space", ["http://a b:2380"]],
  ["one good and one bad", ["http://127.0.0.1:2380", ":"]],
])("a peer is not at what has %s", (_, urls) => {
  expect(() => checkPeerUrls(urls)).toThrow("member-bad-urls");
});
