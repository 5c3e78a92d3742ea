/** Families of etcd's that we do not expose, each with the reason. A name ends in `*` for all that begin with it. */
export const NOT_OURS: Readonly<Record<string, string>> = {
  "process_network_*": "Linux counts the bytes of the whole network namespace, not those of a process",
  process_virtual_memory_max_bytes: "Node does not tell the limit of its address space without a full report",
};

/** Families of ours that etcd does not have. */
export const NOT_THEIRS: Readonly<Record<string, string>> = {
  "kvorum_*": "our own",
  "nodejs_*": "what Node is asked for under its own names",
  process_cpu_user_seconds_total: "prom-client tells both parts of process_cpu_seconds_total",
  process_cpu_system_seconds_total: "prom-client tells both parts of process_cpu_seconds_total",
  process_heap_bytes: "prom-client's",
};

/** Families that either has only once something has gone wrong, such as a peer that was not there yet. */
export const AFTER_FAILURES: Readonly<Record<string, string>> = {
  etcd_network_peer_sent_failures_total: "a peer that has not started yet",
  etcd_network_peer_received_failures_total: "a peer's message that could not be read",
  etcd_network_disconnected_peers_total: "a peer whose connection broke",
  etcd_network_server_stream_failures_total: "a client's stream that broke",
};

/** Whether a name is in one of the tables. */
export function isListed(table: Readonly<Record<string, string>>, name: string): boolean {
  return Object.keys(table).some((key) => (key.endsWith("*") ? name.startsWith(key.slice(0, -1)) : key === name));
}
