import { expect, test } from "vitest";
import { healthService } from "../../../server/api/health-service.ts";
import { Serving } from "../../../server/api/serving.ts";
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from "../../../server/proto/gen/health_pb.js";
import type { StreamCall } from "../../../server/rpc/service.ts";

const request = (service: string) => ({ service }) as HealthCheckRequest;

/** A client that asks for one service and listens. */
function listener(service: string) {
  const heard: ServingStatus[] = [];
  const gone = Promise.withResolvers<void>();
  async function* requests(): AsyncGenerator<HealthCheckRequest> {
    yield request(service);
  }
  const call = {
    requests: requests(),
    send: ({ status }: HealthCheckResponse) => heard.push(status),
    onCancelled: (run: () => void) => void gone.promise.then(run),
  } as unknown as StreamCall<HealthCheckRequest, HealthCheckResponse>;
  return { call, heard, leave: gone.resolve };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("who watches is told how it is, and of every change, until it leaves", async () => {
  const serving = new Serving();
  const { call, heard, leave } = listener("");
  const watching = healthService(serving).watch(call);
  await settle();
  expect(heard).toEqual([ServingStatus.SERVING]);
  await serving.awayDuring(async () => {
    await settle();
    expect(heard).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
    expect(healthService(serving).check(request(""), call)).toMatchObject({ status: ServingStatus.NOT_SERVING });
  });
  expect(heard.at(-1)).toBe(ServingStatus.SERVING);
  leave();
  await watching;
  await serving.awayDuring(() => Promise.resolve());
  expect(heard).toHaveLength(3);
});

test("a task that fails brings the clients back", async () => {
  const serving = new Serving();
  await expect(serving.awayDuring(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(serving.isServing).toBe(true);
});

test("a service that nobody knows is said to be unknown, and refused where one asks once", async () => {
  const { call, heard, leave } = listener("other");
  const watching = healthService(new Serving()).watch(call);
  await settle();
  expect(heard).toEqual([ServingStatus.SERVICE_UNKNOWN]);
  leave();
  await watching;
  expect(() => healthService(new Serving()).check(request("other"), call)).toThrow("unknown service");
});
