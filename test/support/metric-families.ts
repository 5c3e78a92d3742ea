/** One line of Prometheus' text. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as it is exposed: its type, and every sample under its name, those of buckets, sums and counts among them. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

const PARTS = ["_bucket", "_sum", "_count"];

/** Reads Prometheus' text. Families without a sample are left out, as every reader of it does. */
export function metricFamilies(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, { name: string; type: string; help: string; samples: MetricSample[] }>();
  const family = (name: string) => {
    const known = families.get(name) ?? { name, type: "untyped", help: "", samples: [] };
    families.set(name, known);
    return known;
  };
  for (const line of text.split("\n")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === "HELP") family(name).help = rest;
    else if (keyword === "TYPE") family(name).type = rest;
    else if (line !== "" && !line.startsWith("#")) {
      const sample = sampleOf(line);
      const part = PARTS.find((suffix) => sample.name.endsWith(suffix) && families.has(cut(sample.name, suffix)));
      family(part === undefined ? sample.name : cut(sample.name, part)).samples.push(sample);
    }
  }
  return new Map([...families].filter(([, { samples }]) => samples.length > 0));
}

function cut(name: string, suffix: string): string {
  return name.slice(0, -suffix.length);
}

function sampleOf(line: string): MetricSample {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/.exec(line);
  if (!match) throw new Error(`no line of Prometheus' text: ${line}`);
  const [, name = "", labels = "", value = ""] = match;
  const pairs = Array.from(labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g), ([, key = "", text = ""]) => [
    key,
    text,
  ]);
  return {
    name,
    labels: Object.fromEntries(pairs) as Record<string, string>,
    value: Number(value.replace("Inf", "Infinity")),
  };
}
