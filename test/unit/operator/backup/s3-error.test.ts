import { S3ServiceException } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { StoreError, type StoreFault } from "../../../../operator/backup/object-store.ts";
import { storeErrorOf } from "../../../../operator/backup/s3-error.ts";

const about = { description: "bucket b at http://s3:9000", doing: "reading k" };

function answer(name: string, httpStatusCode: number, message = "said the server"): Error {
  return new S3ServiceException({ name, message, $fault: "client", $metadata: { httpStatusCode } });
}

function system(code: string, message = `connect ${code} 10.0.0.1:9000`): Error {
  return Object.assign(new Error(message), { code });
}

const table: readonly (readonly [what: string, Error, StoreFault])[] = [
  ["no such key", answer("NoSuchKey", 404), "NotFound"],
  ["HEAD of nothing", answer("NotFound", 404, "UnknownError"), "NotFound"],
  ["no such bucket", answer("NoSuchBucket", 404), "Invalid"],
  ["a wrong key id", answer("InvalidAccessKeyId", 403), "AccessDenied"],
  ["a wrong secret", answer("SignatureDoesNotMatch", 403), "AccessDenied"],
  ["no permission", answer("AccessDenied", 403), "AccessDenied"],
  ["an old token", answer("ExpiredToken", 400), "AccessDenied"],
  ["HEAD without permission", answer("UnknownError", 403, "UnknownError"), "AccessDenied"],
  ["HEAD of another region", answer("301", 301, "UnknownError"), "Invalid"],
  ["another region", answer("AuthorizationHeaderMalformed", 400), "Invalid"],
  ["a bad request", answer("WhoKnows", 400), "Invalid"],
  ["nothing that is known to S3", answer("Whatever", 404), "Invalid"],
  ["an unknown user", answer("XAdminUserNotFound", 404), "AccessDenied"],
  ["the condition", answer("PreconditionFailed", 412), "AlreadyExists"],
  ["two at once", answer("ConditionalRequestConflict", 409), "AlreadyExists"],
  ["too fast", answer("SlowDown", 503), "Unavailable"],
  ["too many", answer("TooMany", 429), "Unavailable"],
  ["a broken server", answer("Whatever", 500), "Unavailable"],
  ["a proxy", answer("Bad Gateway", 502), "Unavailable"],
  ["a full server", answer("XMinioStorageFull", 507), "NoSpace"],
  ["a quota", answer("QuotaExceeded", 403), "NoSpace"],
  ["a teapot", answer("Teapot", 418), "Unexpected"],
  [
    "no keys at all",
    Object.assign(new Error("Could not load credentials"), { name: "CredentialsProviderError" }),
    "AccessDenied",
  ],
  ["nobody listens", system("ECONNREFUSED"), "Unavailable"],
  ["a cut connection", system("ECONNRESET"), "Unavailable"],
  ["a closed connection", system("EPIPE"), "Unavailable"],
  ["no such host", system("ENOTFOUND"), "Unavailable"],
  ["both addresses refuse", new AggregateError([system("ECONNREFUSED")]), "Unavailable"],
  ["a slow store", Object.assign(new Error("idle"), { name: "TimeoutError" }), "Unavailable"],
  ["a certificate of nobody", system("DEPTH_ZERO_SELF_SIGNED_CERT"), "Invalid"],
  ["another host's certificate", system("ERR_TLS_CERT_ALTNAME_INVALID"), "Invalid"],
  ["TLS to a plain port", system("EPROTO"), "Invalid"],
  ["a reason below", Object.assign(new Error("request failed"), { cause: system("ECONNRESET") }), "Unavailable"],
];

test.each(table)("%s: %3$s", (_what, error, fault) => {
  const read = storeErrorOf(error, about);
  expect(read).toBeInstanceOf(StoreError);
  expect(read).toMatchObject({ fault, cause: error });
  expect((read as StoreError).message).toMatch(/^bucket b at http:\/\/s3:9000: reading k failed \(.+\); .+$/);
});

test("the sentence has the server's word and what to do", () => {
  const refusal = answer("InvalidAccessKeyId", 403, "The key id does not exist.");
  expect(storeErrorOf(refusal, about)).toHaveProperty(
    "message",
    "bucket b at http://s3:9000: reading k failed (InvalidAccessKeyId: The key id does not exist.); check the keys in the store's Secret",
  );
  expect(storeErrorOf(answer("NotFound", 404, "UnknownError"), about)).toHaveProperty(
    "message",
    "bucket b at http://s3:9000: reading k failed (NotFound); correct the key, or take another backup",
  );
});

test("a bug is no failure of the store", () => {
  const bug = new TypeError("undefined is not a function");
  expect(storeErrorOf(bug, about)).toBe(bug);
  expect(storeErrorOf("text", about)).toBe("text");
});
