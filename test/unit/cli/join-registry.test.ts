import { expect, test } from "vitest";
import { registryKeys, type RegisteredMember } from "../../../server/cli/discovery-registry.ts";
import { joinRegistry, type Registry } from "../../../server/cli/join-registry.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { silentLogger } from "../../support/peer-member.ts";

/** A registry in memory that fails as often as it is told to. */
class FakeRegistry implements Registry {
  readonly members: RegisteredMember[] = [];
  readonly size: string | undefined;
  failures = 0;
  calls = 0;
  #revision = 1n;
  readonly #waiting: (() => void)[] = [];

  constructor(size: string | undefined) {
    this.size = size;
  }

  async value(): Promise<string | undefined> {
    this.#attempt();
    return this.size;
  }

  async membersUnder() {
    this.#attempt();
    return { members: [...this.members], revision: this.#revision };
  }

  async write(key: string, peers: string): Promise<void> {
    this.#attempt();
    this.add(key, peers);
  }

  changed(_prefix: string, fromRevision: bigint): Promise<void> {
    this.#attempt();
    if (this.#revision >= fromRevision) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  add(key: string, peers: string): void {
    this.#revision++;
    if (!this.members.some((member) => member.key === key)) {
      this.members.push({ key, peers, createRevision: this.#revision });
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #attempt(): void {
    this.calls++;
    if (this.failures > 0) {
      this.failures--;
      throw new Error("unreachable");
    }
  }
}

function join(registry: Registry, id: bigint, clock = new ManualClock()) {
  const keys = registryKeys("t", id);
  const peers = `m${String(id)}=http://m${String(id)}:2380`;
  return joinRegistry({ registry, keys, peers, clock, logger: silentLogger });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("members wait for each other and then know the same cluster", async () => {
  const registry = new FakeRegistry("3");
  const first = join(registry, 1n);
  const second = join(registry, 2n);
  await turn();
  let isDone = false;
  void first.then(() => {
    isDone = true;
  });
  await turn();
  expect(isDone).toBe(false);
  const clusters = await Promise.all([first, second, join(registry, 3n)]);
  const all = "m1=http://m1:2380,m2=http://m2:2380,m3=http://m3:2380";
  expect(clusters).toEqual([all, all, all]);
});

test("a member that was there before joins again", async () => {
  const registry = new FakeRegistry("1");
  await join(registry, 1n);
  expect(await join(registry, 1n)).toBe("m1=http://m1:2380");
});

test.each([
  ["1", "cluster is full"],
  [undefined, "size key not found"],
  ["many", "size key is bad"],
])("with a size of %s a second member is told: %s", async (size, reason) => {
  const registry = new FakeRegistry(size);
  registry.add(registryKeys("t", 1n).self, "m1=http://m1:2380");
  await expect(join(registry, 2n)).rejects.toThrow(`failed to join discovery cluster (discovery: ${reason})`);
});

test("a registry that cannot be reached is asked again, ever more seldom", async () => {
  const registry = new FakeRegistry("1");
  registry.failures = 3;
  const clock = new ManualClock();
  const joined = join(registry, 1n, clock);
  for (const [ms, calls] of [
    [1999, 1],
    [1, 2],
    [3999, 2],
    [1, 3],
    [7999, 3],
  ] as const) {
    await turn();
    clock.advance(ms);
    await turn();
    expect(registry.calls).toBe(calls);
  }
  clock.advance(1);
  expect(await joined).toBe("m1=http://m1:2380");
});
