import type { ServerHttp2Stream } from "node:http2";
import { Metadata, type ServerUnaryCall } from "@grpc/grpc-js";

/*
 * V8 puts a function that is assigned to a property into the old generation at once, and Node's Writable has one
 * (`WritableState.onwrite`), which refers to its stream. So every stream, and with it all that it refers to, outlives the
 * collections of the young generation, which have to copy it twice; it fills the heap until that is collected as a whole.
 * A call has two such streams. Where nothing is taken from them when they are over, they hold each other, the request and
 * all that has handled it: twice as much to copy as with it, in each pause.
 */

/** A call that is over; what grpc-js itself needs of it is elsewhere. */
const NOTHING = { call: undefined, request: undefined, metadata: new Metadata() };

/** To be called before a stream is used: takes its listeners away once it is closed and they have all been told. */
export function letGoWhenClosed(stream: ServerHttp2Stream): void {
  stream.once("close", letGoOfListeners);
}

/** Takes from a call that has been answered what it refers to. */
export function letGoOfCall(call: ServerUnaryCall<unknown, unknown>): void {
  Object.assign(call, NOTHING);
}

function letGoOfListeners(this: ServerHttp2Stream): void {
  process.nextTick(removeListeners, this);
}

function removeListeners(stream: ServerHttp2Stream): void {
  stream.removeAllListeners();
  stream.on("error", ignore);
}

/** Nobody is left whom an error after the end would concern, and without a listener it would end the process. */
function ignore(): void {}
