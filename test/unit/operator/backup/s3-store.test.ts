import { expect, onTestFinished, test } from "vitest";
import { sourceOf, type ObjectSource } from "../../../../operator/backup/object-store.ts";
import { S3Store, type S3Options } from "../../../../operator/backup/s3-store.ts";
import { partBytesFor } from "../../../../operator/backup/s3-upload.ts";
import { fakeS3, type FakeS3 } from "../../../support/fake-s3.ts";

const MEBIBYTE = 1024 * 1024;

function storeOf(fake: FakeS3, options: Partial<S3Options> = {}) {
  const lines: string[] = [];
  const store = new S3Store(
    {
      bucket: "b",
      endpoint: fake.endpoint,
      region: undefined,
      forcePathStyle: true,
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      partBytes: 5 * MEBIBYTE,
      ...options,
    },
    { pause: () => Promise.resolve(), log: (line) => lines.push(line) },
  );
  onTestFinished(() => store.close());
  return { store, lines };
}

/** Bytes that tell where they come from. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

const big = content(23 * MEBIBYTE + 12);
const bigSource: ObjectSource = {
  size: big.length,
  read(position, length, into) {
    big.copy(into, 0, position, position + length);
    return Promise.resolve(into.subarray(0, length));
  },
};
const operations = (fake: FakeS3): string[] => fake.requests.map(({ operation }) => operation);

test("a small object goes in one request, on the condition that there is none", async () => {
  const fake = await fakeS3();
  const { store } = storeOf(fake);
  expect(await store.put("a/b", sourceOf(Buffer.from("hello")))).toEqual({ parts: 1 });
  expect(fake.objects.get("a/b")?.toString()).toBe("hello");
  expect(operations(fake)).toEqual(["GetObject", "PutObject"]);
  expect(fake.requests.at(-1)?.ifNoneMatch).toBe("*");
  expect(await store.head("a/b")).toEqual({ key: "a/b", size: 5 });
  fake.objects.set("empty", Buffer.alloc(0));
  expect(await store.head("empty")).toEqual({ key: "empty", size: 0 });
  expect(Buffer.from(await store.read("a/b", 1, 3)).toString()).toBe("ell");
  expect(await store.read("a/b", 2, 0)).toEqual(new Uint8Array());
});

test("a large one goes in parts, never more under way than said, and arrives whole", async () => {
  const fake = await fakeS3();
  const { store } = storeOf(fake, { partsInFlight: 2 });
  expect(await store.put("big", bigSource)).toEqual({ parts: 5 });
  expect(fake.objects.get("big")?.equals(big)).toBe(true);
  expect(fake.uploadsAtOnceMax).toBe(2);
  expect(fake.requests.at(-1)).toMatchObject({ operation: "CompleteMultipartUpload", ifNoneMatch: "*" });
});

test("a part whose connection is cut is sent again, alone", async () => {
  const fake = await fakeS3(({ operation, part, attempt }) =>
    operation === "UploadPart" && part === 3 && attempt <= 2 ? "cut" : undefined,
  );
  const { store, lines } = storeOf(fake);
  await store.put("big", bigSource);
  expect(fake.objects.get("big")?.equals(big)).toBe(true);
  expect(fake.requests.filter(({ part }) => part > 0)).toHaveLength(7);
  expect(lines.filter((line) => line.startsWith("sending part 3 of 5: bucket b"))).toHaveLength(2);
});

test.each(["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])(
  "%s whose answer is lost is found to be done",
  async (lost) => {
    const fake = await fakeS3(({ operation, attempt }) =>
      operation === lost && attempt === 1 ? "cutAfter" : undefined,
    );
    const { store } = storeOf(fake);
    await store.put("big", bigSource);
    expect(fake.objects.get("big")?.equals(big)).toBe(true);
  },
);

test("a small object whose answer is lost is found to be done", async () => {
  const fake = await fakeS3(({ operation, attempt }) =>
    operation === "PutObject" && attempt === 1 ? "cutAfter" : undefined,
  );
  await storeOf(fake).store.put("a", sourceOf(Buffer.from("hello")));
  expect(fake.objects.get("a")?.toString()).toBe("hello");
});

test("an upload that cannot be ended is aborted: no object, no parts left", async () => {
  const fake = await fakeS3(({ operation, part }) => (operation === "UploadPart" && part === 2 ? "cut" : undefined));
  const { store } = storeOf(fake);
  await expect(store.put("big", bigSource)).rejects.toMatchObject({
    fault: "Unavailable",
    message: expect.stringMatching(/^bucket b at http.*: sending part 2 of 5 failed/) as string,
  });
  expect(fake.requests.filter(({ part }) => part === 2)).toHaveLength(6);
  expect([fake.objects.size, fake.uploads.size]).toEqual([0, 0]);
});

test("what is refused is not asked again", async () => {
  const fake = await fakeS3(({ operation }) => (operation === "UploadPart" ? [403, "AccessDenied"] : undefined));
  const { store } = storeOf(fake, { partsInFlight: 1 });
  await expect(store.put("big", bigSource)).rejects.toMatchObject({ fault: "AccessDenied" });
  expect(operations(fake).filter((name) => name === "UploadPart")).toHaveLength(1);
  expect(fake.uploads.size).toBe(0);
});

test("nothing is overwritten, and nothing is sent for it", async () => {
  const fake = await fakeS3();
  fake.objects.set("big", Buffer.from("first"));
  const { store } = storeOf(fake);
  await expect(store.put("big", bigSource)).rejects.toMatchObject({
    fault: "AlreadyExists",
    message: expect.stringContaining("big is there already; backups are never overwritten") as string,
  });
  expect(operations(fake)).toEqual(["GetObject"]);
});

test.each([
  ["a small object", sourceOf(Buffer.from("second"))],
  ["a large one", bigSource],
])("%s that somebody else puts meanwhile stays as it is", async (_what, source) => {
  const fake: FakeS3 = await fakeS3(({ operation }) => {
    if (operation === "PutObject" || operation === "UploadPart") fake.objects.set("k", Buffer.from("first"));
    return undefined;
  });
  await expect(storeOf(fake).store.put("k", source)).rejects.toMatchObject({ fault: "AlreadyExists" });
  expect(fake.objects.get("k")?.toString()).toBe("first");
});

test.each([
  ["PutObject", sourceOf(Buffer.from("hello"))],
  ["CompleteMultipartUpload", bigSource],
])("a server that does not know the condition of %s is asked without it", async (conditional, source) => {
  const fake = await fakeS3(({ operation, ifNoneMatch }) =>
    operation === conditional && ifNoneMatch !== undefined ? [501, "NotImplemented"] : undefined,
  );
  await storeOf(fake).store.put("k", source);
  expect(fake.objects.get("k")?.length).toBe(source.size);
});

test("parts that a killed upload of this object left are removed, those of others stay", async () => {
  const fake = await fakeS3();
  fake.uploads.set("old", { key: "big", parts: new Map() });
  fake.uploads.set("other", { key: "big/other", parts: new Map() });
  await storeOf(fake).store.put("big", bigSource);
  expect([...fake.uploads.keys()]).toEqual(["other"]);
});

test("a server that does not list uploads is no reason not to upload", async () => {
  const fake = await fakeS3(({ operation }) =>
    operation === "ListMultipartUploads" ? [403, "AccessDenied"] : undefined,
  );
  const { store, lines } = storeOf(fake);
  await store.put("big", bigSource);
  expect(lines[0]).toMatch(/^earlier uploads of big were not looked for/);
});

test("a source that fails ends the upload with its own error", async () => {
  const fake = await fakeS3();
  const failing: ObjectSource = { size: big.length, read: () => Promise.reject(new Error("the disk is gone")) };
  await expect(storeOf(fake).store.put("big", failing)).rejects.toThrow("the disk is gone");
  expect([fake.objects.size, fake.uploads.size]).toEqual([0, 0]);
});

test("a range whose connection is cut is read again", async () => {
  const fake = await fakeS3(({ operation, attempt }) => (operation === "GetObject" && attempt < 3 ? "cut" : undefined));
  fake.objects.set("big", big);
  expect(Buffer.from(await storeOf(fake).store.read("big", 8, 1000)).equals(big.subarray(8, 1008))).toBe(true);
  expect(operations(fake)).toEqual(["GetObject", "GetObject", "GetObject"]);
});

test("all pages of a listing come, and what is deleted is gone", async () => {
  const fake = await fakeS3();
  const keys = ["a/1", "a/2", "a/3", "a/4", "a/5", "b/1"];
  for (const key of keys) fake.objects.set(key, Buffer.from(key));
  const { store } = storeOf(fake);
  const found: string[] = [];
  for await (const { key, size } of store.list("a/")) found.push(`${key}:${String(size)}`);
  expect(found).toEqual(["a/1:3", "a/2:3", "a/3:3", "a/4:3", "a/5:3"]);
  await store.delete("a/1");
  await store.delete("a/1");
  expect(fake.objects.has("a/1")).toBe(false);
  expect(await store.head("a/1")).toBeUndefined();
  await expect(store.read("a/1", 0, 1)).rejects.toMatchObject({ fault: "NotFound" });
});

test("a store that is down is asked six times and then said to be", async () => {
  const fake = await fakeS3(() => "cut");
  const { store } = storeOf(fake);
  await expect(store.head("a")).rejects.toMatchObject({ fault: "Unavailable" });
  expect(fake.requests).toHaveLength(6);
});

test.each([
  [404, "NoSuchBucket", "Invalid", "create the bucket, or correct its name in the store"],
  [403, "SignatureDoesNotMatch", "AccessDenied", "check the keys in the store's Secret"],
  [403, "AccessDenied", "AccessDenied", "allow it to the user whose keys are in the store's Secret"],
] as const)(
  "a look that ends with %i %s is refused, and not taken for absence",
  async (status, code, fault, advice) => {
    const fake = await fakeS3(() => [status, code]);
    await expect(storeOf(fake).store.head("a")).rejects.toMatchObject({
      fault,
      message: expect.stringMatching(new RegExp(`looking for a failed \\(${code}: no\\); ${advice}$`)) as string,
    });
  },
);

test.each(["s3.example.com", "ftp://s3", "http://", "https://host/bucket"])(
  "the endpoint %s is refused",
  (endpoint) => {
    expect(() => storeOf({ endpoint } as FakeS3)).toThrow(
      `bucket b at ${endpoint}: an endpoint is written as https://host or http://host:port`,
    );
  },
);

test.each([
  [100 * MEBIBYTE, 8 * MEBIBYTE, 8 * MEBIBYTE],
  [100 * MEBIBYTE, 1 * MEBIBYTE, 5 * MEBIBYTE],
  [80_000 * MEBIBYTE, 8 * MEBIBYTE, 8 * MEBIBYTE],
  [80_001 * MEBIBYTE, 8 * MEBIBYTE, 9 * MEBIBYTE],
  [5_000_000 * MEBIBYTE, 8 * MEBIBYTE, 500 * MEBIBYTE],
])("%i bytes with parts of %i wanted go in parts of %i", (size, wanted, expected) => {
  expect(partBytesFor(size, wanted)).toBe(expected);
  expect(Math.ceil(size / partBytesFor(size, wanted))).toBeLessThanOrEqual(10_000);
});
