import type { Registry } from "prom-client";
import { registerReading } from "./reading.ts";

const ROWS = [
  ["os_fd_used", "The number of used file descriptors.", "process_open_fds"],
  ["os_fd_limit", "The file descriptor limit.", "process_max_fds"],
] as const;

/** Files that this process has open and may have, under etcd's names; what is measured is there under Prometheus' own. */
export function collectFileDescriptors(registry: Registry): void {
  for (const [name, help, source] of ROWS) {
    registerReading(registry, {
      name,
      help,
      type: "gauge",
      read: async () =>
        (await registry.getSingleMetric(source)?.get())?.values.map(({ value }) => ({ labels: {}, value })) ?? [],
    });
  }
}
