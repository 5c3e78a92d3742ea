import { expect, test } from "vitest";
import { memberLocalAddress } from "../../../server/config/member-local-address.ts";
import { run } from "./load.ts";

const GATE = "--feature-gates SetMemberLocalAddr=true";

test.each([
  ["http://10.0.0.7:2380", "10.0.0.7"],
  ["http://127.0.0.1:2380,http://10.0.0.7:2380", "10.0.0.7"],
  ["http://0.0.0.0:2380,http://[fd00::7]:2380", "fd00::7"],
  ["http://m0.example.org:2380", undefined],
  ["http://[::1]:2380,http://localhost:2380", undefined],
])("of %s peers are called from %s", (urls, address) => {
  const config = run(`--initial-advertise-peer-urls ${urls} --name m0`);
  expect(memberLocalAddress(config)).toBeUndefined();
  expect(memberLocalAddress(run(`--initial-advertise-peer-urls ${urls} --name m0 ${GATE}`))).toBe(address);
});
