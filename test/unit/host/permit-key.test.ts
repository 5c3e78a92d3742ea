import { describe, expect, test } from "vitest";
import { PermitKey } from "../../../server/host/permit-key.ts";

/** RFC 8032, section 7.1, test 2. */
const KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const MESSAGE = "72";
const SIGNATURE =
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const base64 = (hex: string): string => bytes(hex).toString("base64");

describe("the operator's key", () => {
  const key = PermitKey.parse(base64(KEY))!;

  test("knows what it has signed", () => {
    expect(key.hasSigned({ payload: bytes(MESSAGE), signature: bytes(SIGNATURE) })).toBe(true);
  });

  test.each([
    ["another message", "73", SIGNATURE],
    ["a longer message", "7200", SIGNATURE],
    ["another signature", MESSAGE, SIGNATURE.replace("92", "93")],
    ["half a signature", MESSAGE, SIGNATURE.slice(0, 64)],
    ["no signature", MESSAGE, ""],
  ])("has not signed %s", (_what, payload, signature) => {
    expect(key.hasSigned({ payload: bytes(payload), signature: bytes(signature) })).toBe(false);
  });

  test.each([
    ["nothing", ""],
    ["31 bytes", base64(KEY.slice(2))],
    ["33 bytes", base64(`${KEY}00`)],
    ["hex", KEY],
    ["a PEM", "-----BEGIN PUBLIC KEY-----"],
  ])("is not made of %s", (_what, text) => {
    expect(PermitKey.parse(text)).toBeUndefined();
  });
});
