import { etcdMain } from "./etcd.ts";

const [command, ...rest] = process.argv.slice(2);
if (command === "gateway") {
  // Loaded where they are wanted: a member has no use for them.
  const { gatewayMain } = await import("./gateway-command.ts");
  await gatewayMain(rest);
} else if (command === "grpc-proxy") {
  const { grpcProxyMain } = await import("./grpc-proxy-command.ts");
  await grpcProxyMain(rest);
} else {
  await etcdMain(process.argv.slice(2));
}
