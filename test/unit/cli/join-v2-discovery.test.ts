import { expect, test } from "vitest";
import { joinV2Discovery } from "../../../server/cli/join-v2-discovery.ts";
import {
  NoV2KeysError,
  UnavailableError,
  V2KeysError,
  type V2Answer,
  type V2Keys,
  type V2Node,
} from "../../../server/cli/v2-keys.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { silentLogger } from "../../support/peer-member.ts";

const FOLDER = "/v2/keys/t";

/** A folder in memory; every call first meets the next of the failures. */
class FakeKeys implements V2Keys {
  readonly #changes: V2Node[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly failures: (Error | undefined)[] = [];
  readonly calls: string[] = [];
  #index = 4;

  constructor(size?: string) {
    if (size !== undefined) this.add("_config/size", size);
  }

  /** Keys have no /v2/keys before them in an answer. */
  add(name: string, value: string): V2Node {
    const createdIndex = ++this.#index;
    const node = { key: `/t/${name}`, value, createdIndex, modifiedIndex: createdIndex, nodes: [] };
    this.#changes.push(node);
    for (const wake of this.#waiting.splice(0)) wake();
    return node;
  }

  async get(path: string): Promise<V2Answer> {
    this.#attempt(`get ${path}`);
    if (path === FOLDER) {
      const config = { key: "/t/_config", value: "", createdIndex: 1, modifiedIndex: 1, nodes: [] };
      const inside = this.#changes.filter(({ key }) => !key.includes("_config"));
      return { index: this.#index, node: { ...config, key: "/t", nodes: [config, ...inside.toReversed()] } };
    }
    const node = this.#changes.find(({ key }) => `/v2/keys${key}` === path);
    if (node === undefined) throw new V2KeysError(100, `100: Key not found (${path}) [4]`);
    return { index: this.#index, node };
  }

  async create(path: string, value: string): Promise<V2Answer> {
    this.#attempt(`create ${path} ${value}`);
    const name = path.slice(FOLDER.length + 1);
    if (this.#changes.some(({ key }) => key === `/t/${name}`)) throw new V2KeysError(105, "105: Key already exists");
    return { index: this.#index, node: this.add(name, value) };
  }

  async changeAfter(index: number, path: string, scope: "key" | "folder"): Promise<V2Answer> {
    this.#attempt(`wait ${scope} ${path} after ${String(index)}`);
    for (;;) {
      const node = this.#changes.find(
        (change) => change.createdIndex > index && `/v2/keys${change.key}`.startsWith(path),
      );
      if (node !== undefined) return { index: this.#index, node };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #attempt(call: string): void {
    this.calls.push(call);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}

function join(keys: FakeKeys, memberId: bigint, { clock = new ManualClock(), name = `m${String(memberId)}` } = {}) {
  const peers = `${name}=http://m${String(memberId)}:2380`;
  return joinV2Discovery({ keys, folder: FOLDER, memberId, peers, clock, logger: silentLogger });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("members wait for each other and then know the same cluster, in the order of their coming", async () => {
  const keys = new FakeKeys("3");
  const [first, second] = [join(keys, 0xbn), join(keys, 0xan)];
  let isDone = false;
  void first.then(() => {
    isDone = true;
  });
  await turn();
  expect(isDone).toBe(false);
  const all = "m11=http://m11:2380,m10=http://m10:2380,m1=http://m1:2380";
  expect(await Promise.all([first, second, join(keys, 1n)])).toEqual([all, all, all]);
});

test("a member writes itself under its id and looks whether it is there", async () => {
  const keys = new FakeKeys("1");
  await join(keys, 0xbeefn);
  expect(keys.calls).toEqual([
    `get ${FOLDER}/_config/size`,
    `get ${FOLDER}`,
    `create ${FOLDER}/beef m48879=http://m48879:2380`,
    `wait key ${FOLDER}/beef after 5`,
    `get ${FOLDER}/_config/size`,
    `get ${FOLDER}`,
  ]);
});

test("of two that come for the last place the later one is told so", async () => {
  const keys = new FakeKeys("1");
  const late = join(keys, 2n);
  // Between its first look and its writing itself down.
  keys.add("1", "m1=http://m1:2380");
  await expect(late).rejects.toThrow("discovery: cluster is full");
});

test.each([
  ["1", "discovery: cluster is full"],
  ["2", "discovery: found duplicate id"],
  [undefined, "discovery: size key not found: 100: Key not found (/v2/keys/t/_config/size) [4]"],
  ["many", "discovery: size key is bad"],
  ["+2", "discovery: size key is bad"],
  ["0", "discovery: size key is bad"],
])("with a size of %s a member that is there, or comes too late, is told: %s", async (size, reason) => {
  const keys = new FakeKeys(size);
  keys.add("1", "m1=http://m1:2380");
  const self = size === "2" ? 1n : 2n;
  await expect(join(keys, self)).rejects.toThrow(`failed to join discovery cluster (${reason})`);
});

test.each([
  [new NoV2KeysError("invalid json"), "discovery: bad discovery endpoint"],
  [new Error("context deadline exceeded"), "context deadline exceeded"],
])("%s at the first question ends the start", async (failure, reason) => {
  const keys = new FakeKeys("1");
  keys.failures.push(failure);
  await expect(join(keys, 1n)).rejects.toThrow(`failed to join discovery cluster (${reason})`);
  expect(keys.calls).toHaveLength(1);
});

test("two members of one name are no cluster", async () => {
  const keys = new FakeKeys("2");
  const first = join(keys, 1n, { name: "m" });
  await expect(join(keys, 2n, { name: "m" })).rejects.toThrow("discovery: found duplicate name");
  await expect(first).rejects.toThrow("discovery: found duplicate name");
});

test("what is no member's text is no cluster", async () => {
  const keys = new FakeKeys("2");
  keys.add("ff", "garbage");
  await expect(join(keys, 1n)).rejects.toThrow("discovery: invalid URL");
});

test("a service that cannot be reached is asked again, ever more seldom", async () => {
  const keys = new FakeKeys("1");
  const clock = new ManualClock();
  for (let i = 0; i < 9; i++) keys.failures.push(new UnavailableError("away"));
  const joined = join(keys, 1n, { clock });
  const calls: number[] = [];
  for (const pauseMs of [2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000]) {
    await turn();
    clock.advance(pauseMs - 1);
    await turn();
    calls.push(keys.calls.length);
    clock.advance(1);
  }
  expect(calls).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await turn();
  clock.advance(256_000);
  expect(await joined).toBe("m1=http://m1:2380");
});

test("a service that goes away while members are waited for is asked again who is there", async () => {
  const keys = new FakeKeys("2");
  const clock = new ManualClock();
  keys.failures.push(...Array.from({ length: 6 }, () => undefined), new UnavailableError("away"));
  const joined = join(keys, 1n, { clock });
  await turn();
  expect(keys.calls.at(-1)).toBe(`wait folder ${FOLDER} after 6`);
  keys.add("2", "m2=http://m2:2380");
  clock.advance(2000);
  expect(await joined).toBe("m1=http://m1:2380,m2=http://m2:2380");
});

test("a write that failed is not tried again: nobody knows whether it was done", async () => {
  const keys = new FakeKeys("1");
  keys.failures.push(undefined, undefined, new UnavailableError("away"));
  await expect(join(keys, 1n)).rejects.toThrow("failed to join discovery cluster (away)");
});
