import { create, fromBinary, fromJson, toBinary, toJson, type JsonValue } from "@bufbuild/protobuf";
import type { BoundMethod } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";

/** The request that a JSON text says; no text is an empty request. Unknown fields are passed over, as etcd does. */
export function decodeRequest({ input, decode }: BoundMethod, text: string, maxBytes: number): unknown {
  const message = text === "" ? create(input) : parse(input, text);
  const bytes = toBinary(input, message);
  if (bytes.length > maxBytes) {
    const sizes = `${String(bytes.length)} vs. ${String(maxBytes)}`;
    throw new RpcError(Code.RESOURCE_EXHAUSTED, `grpc: received message larger than max (${sizes})`);
  }
  return decode(bytes);
}

function parse(input: BoundMethod["input"], text: string) {
  try {
    return fromJson(input, parseExactly(text), { ignoreUnknownFields: true });
  } catch (error) {
    throw new RpcError(Code.INVALID_ARGUMENT, (error as Error).message, { cause: error });
  }
}

/** Integers that a `number` would round stay texts, which a 64-bit field takes as well. */
function parseExactly(text: string): JsonValue {
  return JSON.parse(text, exactIntegers as Reviver) as JsonValue;
}

type Reviver = Parameters<typeof JSON.parse>[1];

function exactIntegers(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  const isRounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
}

/** An answer under the names of the .proto files, without what has its default. It goes by way of its bytes: some answers are nothing else. */
export function responseJson({ output, encode }: BoundMethod, response: unknown): JsonValue {
  return toJson(output, fromBinary(output, encode(response)), { useProtoFieldName: true });
}
