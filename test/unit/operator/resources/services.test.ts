import { expect, test } from "vitest";
import { clientService } from "../../../../operator/resources/client-service.ts";
import { headlessService } from "../../../../operator/resources/headless-service.ts";
import { serviceAccount } from "../../../../operator/resources/service-account.ts";
import { memberSelector } from "../../../../operator/types/names.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

test("members find each other by name before they are ready", () => {
  const { metadata, spec } = headlessService(etcdCluster());
  expect(metadata.name).toBe("x-peers");
  expect(spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true, selector: memberSelector("x") });
  expect(spec.ports.map(({ name, port }) => `${name} ${String(port)}`)).toEqual(["client 2379", "peer 2380"]);
});

test("clients find the members that are ready, on the client port alone", () => {
  const { metadata, spec } = clientService(etcdCluster());
  expect(metadata.name).toBe("x-client");
  expect(spec).not.toHaveProperty("publishNotReadyAddresses");
  expect(spec).not.toHaveProperty("clusterIP");
  expect(spec.selector).toEqual(memberSelector("x"));
  expect(spec.ports.map(({ port }) => port)).toEqual([2379]);
});

test("members get no token for the API server", () => {
  expect(serviceAccount(etcdCluster())).toMatchObject({ metadata: { name: "x" }, automountServiceAccountToken: false });
});
