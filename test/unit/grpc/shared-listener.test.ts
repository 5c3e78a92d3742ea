import { expect, onTestFinished, test } from "vitest";
import { SharedListener } from "../../../server/grpc/shared-listener.ts";

async function listen(port: number, reusePort: boolean): Promise<SharedListener> {
  const ignored = { http1: () => undefined, http2: () => undefined, onRejected: () => undefined };
  const listener = new SharedListener(ignored, undefined);
  await listener.listen({ host: "127.0.0.1", port, reusePort });
  onTestFinished(() => {
    listener.stopAccepting();
  });
  return listener;
}

test("two listeners share a port where both are told to, and not otherwise", async () => {
  const shared = await listen(0, true);
  expect((await listen(shared.port(), true)).port()).toBe(shared.port());
  await expect(listen(shared.port(), false)).rejects.toThrow("EADDRINUSE");
});
