// The whole architecture, as data: module -> modules it may import. Everything else is an error.
const layers = {
  "server/base": [],
  "server/proto": ["server/base"],
  "server/ports": ["server/base", "server/proto"],
  "server/raft": ["server/base", "server/proto"],
  "server/wal": ["server/base", "server/proto", "server/ports", "server/raft"],
  "server/snapshot": ["server/base", "server/proto", "server/ports", "server/backend"],
  "server/backend": ["server/base", "server/proto", "server/ports"],
  "server/mvcc": ["server/base", "server/proto", "server/ports", "server/backend"],
  "server/lease": ["server/base", "server/proto", "server/ports", "server/backend"],
  "server/auth": ["server/base", "server/proto", "server/ports", "server/backend"],
  "server/cluster": ["server/base", "server/proto", "server/raft", "server/backend"],
  "server/apply": ["server/base", "server/proto", "server/raft", "server/backend", "server/mvcc", "server/lease", "server/auth", "server/cluster"],
  "server/node": ["server/base", "server/proto", "server/ports", "server/raft", "server/wal", "server/snapshot", "server/backend", "server/mvcc", "server/lease", "server/auth", "server/cluster", "server/apply"],
  "server/transport": ["server/base", "server/proto", "server/ports", "server/raft"],
  "server/rpc": ["server/base", "server/proto"],
  "server/api": ["server/base", "server/proto", "server/ports", "server/rpc", "server/mvcc", "server/lease", "server/auth", "server/cluster", "server/apply", "server/node"],
  "server/grpc": ["server/base", "server/ports", "server/rpc", "server/api"],
  "server/gateway": ["server/base", "server/proto", "server/ports", "server/rpc", "server/api"],
  "server/observability": ["server/base", "server/ports"],
  "server/host": ["server/base", "server/ports", "server/backend"],
  "server/config": ["server/base"],
  "server/client": ["server/base", "server/proto", "server/rpc"],
  "server/cli": ["server/*"],
  "operator/types": [],
  "operator/resources": ["operator/types"],
  "operator/plan": ["operator/types"],
  "operator/kube": ["operator/types"],
  "operator/etcd": ["operator/types", "server/client"],
  "operator/backup": ["operator/types", "operator/etcd"],
  "operator/observability": ["operator/types"],
  "operator/config": ["operator/types"],
  "operator/controllers": ["operator/types", "operator/resources", "operator/plan", "operator/kube", "operator/etcd", "operator/backup", "operator/observability", "operator/config"],
  "operator/cli": ["operator/*"],
};
const pattern = (m) => (m.endsWith("/*") ? m.slice(0, -1) : `${m}/`);
const local = Object.entries(layers).map(([from, to]) => ({
  name: `layer:${from}`, severity: "error",
  from: { path: `^${from}/` },
  to: { path: "^(server|operator|test)/", pathNot: `^(${[from, ...to].map(pattern).join("|")})` },
}));
/** npm packages and node: builtins are only for the named modules. */
const owned = (what, path, owners, dependencyTypes) => ({
  name: `owner:${what}`, severity: "error",
  from: { path: "^(server|operator)/", pathNot: `^(${owners.join("|")})/` },
  to: { ...(path && { path }), ...(dependencyTypes && { dependencyTypes }) },
});
const pure = ["server/base","server/proto","server/ports","server/raft","server/backend","server/mvcc","server/lease","server/auth","server/cluster","server/apply","operator/types","operator/resources","operator/plan"];
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-orphan-layer", comment: "every module is in layers.json", severity: "error",
      from: { path: "^(server|operator)/[^/]+/", pathNot: `^(${Object.keys(layers).join("|")})/` }, to: {} },
    ...local,
    { name: "pure", comment: "no node:, no npm in the pure core", severity: "error",
      from: { path: `^(${pure.join("|")})/` }, to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-no-pkg", "unknown"], pathNot: "@bufbuild/protobuf" } },
    owned("leveldown", "node_modules/leveldown/", ["server/host"]),
    owned("grpc-js", "node_modules/@grpc/", ["server/grpc", "server/client"]),
    owned("client-node", "node_modules/@kubernetes/", ["operator/kube", "operator/cli"]),
    owned("node:fs", "^(node:)?fs", ["server/host", "server/config", "server/cli", "operator/cli"], ["core"]),
  ],
  options: { tsConfig: { fileName: "tsconfig.json" }, tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" } },
};
