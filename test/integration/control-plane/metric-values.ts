/** One metric of a Prometheus page: its value by its labels as they are printed. */
export function metricValues(page: string, name: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of page.split("\n")) {
    if (!line.startsWith(`${name}{`)) continue;
    const end = line.lastIndexOf("}");
    values.set(
      line.slice(name.length + 1, end),
      Number(
        line
          .slice(end + 1)
          .trim()
          .split(" ")[0],
      ),
    );
  }
  return values;
}

/** The sum of those whose labels hold a text. */
export function metricSum(values: ReadonlyMap<string, number>, label = ""): number {
  return [...values].reduce((sum, [labels, value]) => (labels.includes(label) ? sum + value : sum), 0);
}
