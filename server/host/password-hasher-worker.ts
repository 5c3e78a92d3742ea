import { parentPort } from "node:worker_threads";
import { compareSync, genSaltSync, hashSync } from "bcryptjs";
import { must } from "../base/assert.ts";
import type { HashingJob, HashingResult } from "./password-hasher.ts";

const port = must(parentPort ?? undefined, "this file is run as a worker");

port.on("message", (job: HashingJob) => {
  port.postMessage(run(job));
});

function run(job: HashingJob): HashingResult {
  if (job.kind === "compare") return { isSame: isSame(job.password, job.hash) };
  // The form that etcd writes; the library's newer one differs in this letter only.
  const salt = genSaltSync(job.cost).replace(/^\$2[by]\$/, "$2a$");
  return { hash: hashSync(job.password, salt) };
}

/** What is stored may be anything: whoever changes a password may send the hash. */
function isSame(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash);
  } catch {
    return false;
  }
}
