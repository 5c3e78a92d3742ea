import { expect, test } from "vitest";
import { linesOf, logCounts } from "../../integration/control-plane/log-counts.ts";

const LOG = [
  "W1 1 cacher.go:182] Terminating all watchers from cacher pods",
  "E1 1 cacher.go:482] cacher (pods): unexpected ListAndWatch error: etcdserver: no leader; reinitializing...",
  "W1 1 watcher.go:331] watch chan error: etcdserver: mvcc: required revision has been compacted",
  'E1 1 delegator.go:347] "Cache consistency check failed" group="" resource="pods"',
  "I1 1 controller.go:1] all is well",
].join("\n");

test("the lines of an API server's log are counted by kind, a line under each that it is of", () => {
  const counted = Object.entries(logCounts(LOG)).filter(([, count]) => count > 0);
  expect(counted).toEqual([
    ["watch cache terminated its watchers", 1],
    ["watch cache filled anew", 1],
    ["watch of the store broke", 1],
    ["too old resource version", 1],
    ["cache inconsistent", 1],
    ["store said etcdserver: …", 2],
  ]);
});

test("the lines of one kind can be read", () => {
  expect(linesOf(LOG, "cache inconsistent")).toEqual([LOG.split("\n")[3]]);
});
