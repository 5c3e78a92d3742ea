import { BootstrapError } from "../node/bootstrap.ts";

/** What to do about most of them. */
const NEW_TOKEN = "do not reuse a discovery token; write the size of the cluster under a new one";

/** A discovery service cannot help this member, however often it is asked: in etcd's words, with what to do. */
export function discoveryFailure(reason: string, advice = NEW_TOKEN): BootstrapError {
  return new BootstrapError(`failed to join discovery cluster (${reason}): ${advice}`);
}
