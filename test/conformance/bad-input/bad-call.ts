import { create, toBinary, type DescMessage, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";

/** One call of the table that is recorded from real etcd. */
export interface BadCall {
  /** What is asked, in words that tell the calls apart. */
  readonly text: string;
  readonly path: string;
  /** The messages that are sent, as they are: they need not be valid. */
  readonly requests: readonly Uint8Array[];
  /** How an answer is read; undefined: by nobody. */
  readonly output: DescMessage | undefined;
  /** Answers to read of a stream that does not end by itself. */
  readonly responses?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whose token goes with it. */
  readonly as?: "root" | "user";
  /** The message is the decoder's own wording of what it cannot read: only the code is compared. */
  readonly hasOwnWords?: true;
}

type Extras = Partial<Pick<BadCall, "responses" | "metadata" | "as" | "hasOwnWords">>;

/** A call of a method with a request that can be encoded. */
export function bad<M extends DescMethod>(
  method: M,
  request: MessageInitShape<M["input"]> | readonly MessageInitShape<M["input"]>[],
  extras: Extras = {},
): BadCall {
  const requests = (Array.isArray(request) ? request : [request]) as readonly MessageInitShape<M["input"]>[];
  return {
    text: `${method.parent.name}/${method.name} ${requests.map(textOf).join(" ")}${extrasText(extras)}`,
    path: pathOf(method),
    requests: requests.map((one) => toBinary(method.input, create(method.input, one))),
    output: method.output,
    ...extras,
  };
}

/** A call with bytes that need not be a message. */
export function raw(path: string, hex: string, extras: Extras = {}): BadCall {
  return {
    text: `${path} bytes ${hex === "" ? "none" : hex}${extrasText(extras)}`,
    path,
    requests: [Buffer.from(hex, "hex")],
    output: undefined,
    ...extras,
  };
}

/** As gRPC names it. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function extrasText({ as, metadata }: Extras): string {
  return `${as === undefined ? "" : ` as ${as}`}${metadata ? ` with ${JSON.stringify(metadata)}` : ""}`;
}

const LONG = 60;

function textOf(request: unknown): string {
  return JSON.stringify(request, function (this: Readonly<Record<string, unknown>>, key, json: unknown) {
    // A Buffer has turned itself into a list by now.
    const value = this[key] ?? json;
    if (value instanceof Uint8Array) return shortened(Buffer.from(value).toString("latin1"));
    if (Array.isArray(value) && value.length > LONG) return `${String(value.length)} of ${textOf(value[0])}`;
    return typeof value === "bigint" ? String(value) : value;
  });
}

function shortened(text: string): string {
  return text.length <= LONG ? text : `${String(text.length)} bytes`;
}
