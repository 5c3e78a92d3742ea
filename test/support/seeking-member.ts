import { onTestFinished } from "vitest";
import { Cluster, type ClusterMember } from "./cluster.ts";
import { serverBinary } from "./server-binary.ts";

export interface SeekingMember {
  /** As `serverBinary` knows it. */
  readonly server: string;
  readonly name: string;
  readonly flags: readonly string[];
  /** Put before the server's own command. */
  readonly wrapper?: readonly string[];
}

/** A member of ours or of etcd's whose flags alone say who founds the cluster with it, or whom to ask. Not started yet. */
export async function seekingMember({ server, name, flags, wrapper = [] }: SeekingMember): Promise<ClusterMember> {
  const cluster = await Cluster.create({
    binary: serverBinary(server),
    size: 1,
    // What is given later wins.
    flags: ["--initial-cluster=", `--name=${name}`, ...flags],
    wrapper: () => wrapper,
  });
  onTestFinished(() => cluster.destroy());
  return cluster.member(0);
}
