import { expect, test } from "vitest";
import { revokedSerials } from "../../../server/host/revoked-serials.ts";

const der = (tag: number, ...parts: readonly (readonly number[])[]): number[] => {
  const content = parts.flat();
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return [tag, ...length, ...content];
};
const text = (value: string): number[] => [...Buffer.from(value)];
const time = der(0x17, text("260101000000Z"));
const head = [...der(0x02, [1]), ...der(0x30), ...der(0x30, der(0x31))];
const entry = (...serial: number[]): number[] => der(0x30, der(0x02, serial), time);
const list = (...fields: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from(der(0x30, der(0x30, head, ...fields), der(0x30), der(0x03, [0])));

test.each([
  ["nobody", list(time), []],
  ["nobody, until a time", list(time, time, der(0xa0, der(0x30))), []],
  ["two, without a next time", list(time, der(0x30, entry(3), entry(0, 0x9f))), ["03", "009f"]],
  ["one, until a time", list(time, der(0x18, text("20600101000000Z")), der(0x30, entry(7))), ["07"]],
  [
    "many",
    list(time, der(0x30, ...Array.from({ length: 100 }, (_, i) => entry(i)))),
    expect.objectContaining({ length: 100 }),
  ],
])("a list that revokes %s", (_what, bytes, serials) => {
  expect(revokedSerials(bytes)).toEqual(serials);
});

test.each([
  ["nothing", new Uint8Array()],
  ["PEM", Uint8Array.from(text("-----BEGIN X509 CRL-----\n"))],
  ["half a list", list(time, der(0x30, entry(3))).subarray(0, 30)],
  ["a list without a time", list()],
])("%s is no list", (_what, bytes) => {
  expect(() => revokedSerials(bytes)).toThrow(/list/);
});
