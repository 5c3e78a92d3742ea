/** Writes a line to standard error in the form that etcd's tools log in; standard output is for results. */
export function toolLog(
  level: "info" | "warn" | "error",
  message: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  process.stderr.write(`${time}\t${level}\t${message}\t${JSON.stringify(fields)}\n`);
}
