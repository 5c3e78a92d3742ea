import type { Http2Server } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { must } from "../base/assert.ts";

/**
 * The HTTP/2 server within grpc-js. It has no public name, and what happens below calls (pings, requests that are no
 * calls) is to be seen nowhere else; a release of grpc-js that keeps it elsewhere is noticed at the first start.
 */
export function http2ServerOf(server: Server): Http2Server {
  const { http2Servers } = server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> };
  const [first] = http2Servers?.keys() ?? [];
  return must(first, "grpc-js keeps its HTTP/2 servers in http2Servers");
}
