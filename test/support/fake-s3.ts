import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** One request as a test wants to judge it. */
export interface S3Request {
  /** "UploadPart", "GetObject" and so on. */
  readonly operation: string;
  readonly key: string;
  readonly part: number;
  readonly ifNoneMatch: string | undefined;
  /** How often this operation on this key and part has come, from 1. */
  readonly attempt: number;
}

/**
 * What becomes of a request: `cut` ends its connection before it has an effect, `cutAfter` after it had it, a pair is the
 * status and the code of a refusal.
 */
export type S3Verdict = "cut" | "cutAfter" | readonly [status: number, code: string] | undefined;

/** As much of S3 as a test of a client needs, with failures where the test wants them. */
export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  readonly uploads: Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>;
  readonly requests: readonly S3Request[];
  /** The most requests with a body that were under way at one time. */
  readonly uploadsAtOnceMax: number;
}

/** Starts one on a free port; it ends with the test. */
export async function fakeS3(judge: (request: S3Request) => S3Verdict = () => undefined): Promise<FakeS3> {
  const objects: FakeS3["objects"] = new Map();
  const uploads: FakeS3["uploads"] = new Map();
  const requests: S3Request[] = [];
  const state = { now: 0, max: 0, uploads: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
    const operation = operationOf(request.method ?? "", url.searchParams, key);
    const part = Number(url.searchParams.get("partNumber") ?? 0);
    const earlier = requests.filter((one) => one.operation === operation && one.key === key && one.part === part);
    const ifNoneMatch = request.headers["if-none-match"];
    const seen = { operation, key, part, ifNoneMatch, attempt: earlier.length + 1 };
    requests.push(seen);
    state.max = Math.max(state.max, operation === "UploadPart" ? ++state.now : 0);
    const verdict = judge(seen);
    if (verdict === "cut") {
      request.once("data", () => request.socket.destroy());
      if (request.method !== "PUT") request.socket.destroy();
      if (operation === "UploadPart") state.now--;
      return;
    }
    void bodyOf(request).then((body) => {
      if (operation === "UploadPart") state.now--;
      if (verdict !== undefined && verdict !== "cutAfter") return refuse(response, ...verdict);
      const answer = perform(seen, url.searchParams, request, body);
      if (verdict === "cutAfter") request.socket.destroy();
      else if ("code" in answer) refuse(response, answer.status, answer.code);
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });

  interface Answer {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Buffer | string;
  }

  function perform(
    { operation, key, part, ifNoneMatch }: S3Request,
    query: URLSearchParams,
    request: IncomingMessage,
    sent: Buffer,
  ): Answer | { readonly status: number; readonly code: string } {
    const uploadId = query.get("uploadId") ?? "";
    const upload = uploads.get(uploadId);
    switch (operation) {
      case "PutObject":
        if (ifNoneMatch === "*" && objects.has(key)) return { status: 412, code: "PreconditionFailed" };
        objects.set(key, sent);
        return { status: 200, headers: { etag: '"e"' } };
      case "CreateMultipartUpload": {
        const id = `upload-${String(++state.uploads)}`;
        uploads.set(id, { key, parts: new Map() });
        return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
      }
      case "UploadPart":
        if (!upload) return { status: 404, code: "NoSuchUpload" };
        upload.parts.set(part, sent);
        return { status: 200, headers: { etag: `"part-${String(part)}"` } };
      case "CompleteMultipartUpload": {
        if (!upload) return { status: 404, code: "NoSuchUpload" };
        if (ifNoneMatch === "*" && objects.has(key)) return { status: 412, code: "PreconditionFailed" };
        const wanted = [...sent.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
          Number(number),
        );
        objects.set(key, Buffer.concat(wanted.map((number) => upload.parts.get(number) ?? Buffer.alloc(0))));
        uploads.delete(uploadId);
        return xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
      }
      case "AbortMultipartUpload":
        uploads.delete(uploadId);
        return { status: 204 };
      case "ListMultipartUploads": {
        const all = [...uploads].map(([id, one]) => `<Upload><Key>${one.key}</Key><UploadId>${id}</UploadId></Upload>`);
        return xml(`<ListMultipartUploadsResult>${all.join("")}</ListMultipartUploadsResult>`);
      }
      case "ListObjectsV2":
        return xml(listing(objects, query));
      case "DeleteObject":
        objects.delete(key);
        return { status: 204 };
      default: {
        const object = objects.get(key);
        if (!object) return { status: 404, code: "NoSuchKey" };
        if (operation === "HeadObject") return { status: 200, headers: { "content-length": String(object.length) } };
        const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
        if (Number(from) >= object.length) return { status: 416, code: "InvalidRange" };
        const body = object.subarray(Number(from), to === "" ? undefined : Number(to) + 1);
        const range = `bytes ${from}-${String(Number(from) + body.length - 1)}/${String(object.length)}`;
        return { status: 206, headers: { "content-range": range }, body };
      }
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    endpoint: `http://127.0.0.1:${String(port)}`,
    objects,
    uploads,
    requests,
    get uploadsAtOnceMax() {
      return state.max;
    },
  };
}

/** Two keys a page, so that paging is seen. */
function listing(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const from = query.get("continuation-token") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "") && key > from).toSorted();
  const page = keys.slice(0, 2);
  const contents = page.map(
    (key) => `<Contents><Key>${key}</Key><Size>${String(objects.get(key)?.length)}</Size></Contents>`,
  );
  const more = keys.length > 2 ? `<NextContinuationToken>${page[1] ?? ""}</NextContinuationToken>` : "";
  return `<ListBucketResult>${contents.join("")}${more}</ListBucketResult>`;
}

function operationOf(method: string, query: URLSearchParams, key: string): string {
  const isUpload = query.has("uploadId");
  if (method === "PUT") return isUpload ? "UploadPart" : "PutObject";
  if (method === "POST") return isUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
  if (method === "DELETE") return isUpload ? "AbortMultipartUpload" : "DeleteObject";
  if (query.has("uploads")) return "ListMultipartUploads";
  if (method === "HEAD") return "HeadObject";
  return key === "" ? "ListObjectsV2" : "GetObject";
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}

function xml(body: string) {
  return { status: 200, headers: { "content-type": "application/xml" }, body: `<?xml version="1.0"?>${body}` };
}
