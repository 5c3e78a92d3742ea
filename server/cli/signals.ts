/** Runs once when the process is asked to stop; afterwards the signal acts as if nobody had caught it (etcd-surface §7). */
export function onShutdownSignal(stop: (signal: NodeJS.Signals) => Promise<void>): void {
  let isStopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      void stop(signal).finally(() => {
        // As process 1 of a container the default action would be ignored.
        if (process.pid === 1) process.exit(0);
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      });
    });
  }
}
