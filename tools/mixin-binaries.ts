import { goBinaries, type GoModule } from "./go-binaries.ts";

const PROMETHEUS = "github.com/prometheus/prometheus";

const MODULES: readonly GoModule[] = [
  {
    name: "jsonnet",
    require: ["github.com/google/go-jsonnet@v0.21.0"],
    builds: [{ name: "jsonnet", path: "github.com/google/go-jsonnet/cmd/jsonnet", seconds: 10 }],
  },
  {
    name: "prometheus",
    require: [`${PROMETHEUS}@v0.312.0`],
    // Finding targets in clouds is most of it, and nothing to a list of three.
    tags: "remove_all_sd",
    builds: [
      { name: "promtool", path: `${PROMETHEUS}/cmd/promtool`, seconds: 120 },
      { name: "prometheus", path: `${PROMETHEUS}/cmd/prometheus`, seconds: 60 },
    ],
  },
];

/** The folder with jsonnet, promtool and prometheus; builds what is missing from the Go module proxy. */
export function mixinBinaries(): string {
  return goBinaries(MODULES);
}
