import { create, fromBinary, toBinary, toJson, type DescMessage } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { Auth } from "../../../server/proto/gen/rpc_pb.js";
import { pathOf, type BadCall } from "./bad-call.ts";
import { BAD_CALLS } from "./bad-calls.ts";

/** What a server answered, without what is its own: ids, terms, sizes, hashes, tokens. */
export interface BadAnswer {
  readonly call: string;
  readonly code: number;
  readonly message: string;
  readonly responses: readonly unknown[];
}

const TIMEOUT_MS = 60_000;
/** A stream that was read as far as wanted is left: whatever it would have said at its end is not compared. */
const LEFT = { code: -1, details: "left" };
const OWN_FIELDS = new Set(
  "clusterId memberId raftTerm token hash raftIndex raftAppliedIndex dbSize dbSizeInUse leader blob remainingBytes ID name peerURLs".split(
    " ",
  ),
);
/** Answers to txns within txns are as deep. */
const DEEPEST = 1000;
const PASSWORDS = { root: "r", user: "u" } as const;

/** Makes all calls of the table, in their order, at a new server. */
export async function badAnswers(endpoint: string): Promise<readonly BadAnswer[]> {
  const client = new Client(new URL(endpoint).host, credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
  });
  const answers: BadAnswer[] = [];
  for (const call of BAD_CALLS) answers.push(await answerTo(client, call));
  client.close();
  return answers;
}

async function answerTo(client: Client, call: BadCall): Promise<BadAnswer> {
  const { code, details, messages } = await exchange(client, call, await metadataOf(client, call));
  const { output } = call;
  return {
    call: call.text,
    code,
    message: code === 0 ? "" : call.hasOwnWords ? "own words" : compared(details),
    responses: output ? messages.map((bytes) => jsonOf(output, bytes)) : [],
  };
}

/** Sizes of what was refused are the client's; ids within texts are the server's. */
function compared(details: string): string {
  return details.replaceAll(/\b[0-9a-f]{15,16}\b/g, "ID");
}

async function metadataOf(client: Client, { metadata = {}, as }: BadCall): Promise<Metadata> {
  const all = new Metadata();
  for (const [key, value] of Object.entries(metadata)) all.set(key, value);
  if (as) all.set("token", await tokenOf(client, as));
  return all;
}

/** A new one each time: a change of who may do what ends the old ones. */
async function tokenOf(client: Client, name: keyof typeof PASSWORDS): Promise<string> {
  const { authenticate } = Auth.method;
  const request = toBinary(authenticate.input, create(authenticate.input, { name, password: PASSWORDS[name] }));
  const call: BadCall = { text: "", path: pathOf(authenticate), requests: [request], output: authenticate.output };
  const { messages, details } = await exchange(client, call, new Metadata());
  const [answer] = messages;
  if (!answer) throw new Error(`${name} cannot log in: ${details}`);
  return fromBinary(authenticate.output, answer).token;
}

interface Exchange {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Uint8Array[];
}

/** Bytes are what is sent and what comes. */
function same(bytes: Buffer): Buffer {
  return bytes;
}

/** Whatever kind of call it is, its bytes go as a stream does. */
function exchange(client: Client, { path, requests, responses }: BadCall, metadata: Metadata): Promise<Exchange> {
  return new Promise((resolve) => {
    const messages: Uint8Array[] = [];
    const stream = client.makeBidiStreamRequest(path, same, same, metadata, { deadline: Date.now() + TIMEOUT_MS });
    stream.on("data", (bytes: Buffer) => {
      messages.push(bytes);
      if (messages.length !== responses) return;
      resolve({ ...LEFT, messages });
      stream.cancel();
    });
    // The status tells it, too.
    stream.on("error", () => undefined);
    stream.on("status", ({ code, details }) => {
      resolve({ code, details, messages });
    });
    for (const request of requests) stream.write(Buffer.from(request));
    if (responses === undefined) stream.end();
  });
}

function jsonOf(output: DescMessage, bytes: Uint8Array): unknown {
  const json = toJson(output, fromBinary(output, bytes, { recursionLimit: DEEPEST }));
  // Listed by id, so each server has its own order.
  if (typeof json === "object" && json !== null && "members" in json) delete json["members"];
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => (OWN_FIELDS.has(key) && value !== "7" ? "own" : value)),
  ) as unknown;
}
