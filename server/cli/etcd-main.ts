/** The executable `etcd`: only what the command needs is loaded, for a gateway is small and a member is not. */
const [command, ...rest] = process.argv.slice(2);
if (command === "gateway") {
  const { gatewayMain } = await import("./gateway-command.ts");
  await gatewayMain(rest);
} else if (command === "grpc-proxy") {
  const { grpcProxyMain } = await import("./grpc-proxy-command.ts");
  await grpcProxyMain(rest);
} else {
  const { etcdMain } = await import("./etcd.ts");
  await etcdMain(process.argv.slice(2));
}
