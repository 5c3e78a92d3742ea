import type { Option } from "../config/option.ts";
import type { ProxyCommand } from "./proxy-arguments.ts";

/** Where clients are, if nothing else is said; both commands have it. */
export const LISTEN_ADDRESS: Option = {
  name: "listen-addr",
  kind: "string",
  default: "127.0.0.1:23790",
  help: "listen address",
  status: "works",
};

/** How both commands find the cluster without being told its endpoints. */
export const DISCOVERY_OPTIONS: readonly Option[] = [
  {
    name: "discovery-srv-name",
    kind: "string",
    default: "",
    help: "service name to query when using DNS discovery",
    status: "works",
  },
  {
    name: "insecure-discovery",
    kind: "bool",
    default: "false",
    help: "accept insecure SRV records",
    status: "works",
  },
  {
    name: "endpoints",
    kind: "strings",
    default: "127.0.0.1:2379",
    help: "comma separated etcd cluster endpoints",
    status: "works",
  },
];

/** The flags of `etcd gateway start`. */
export const GATEWAY: ProxyCommand = {
  name: "gateway",
  title: "gateway related command",
  startTitle: "start the gateway",
  options: [
    LISTEN_ADDRESS,
    ...DISCOVERY_OPTIONS,
    {
      name: "discovery-srv",
      kind: "string",
      default: "",
      help: "DNS domain used to bootstrap initial cluster",
      status: "works",
    },
    {
      name: "retry-delay",
      kind: "duration",
      default: "1m",
      defaultShown: "1m0s",
      help: "duration of delay before retrying failed endpoints",
      status: "works",
    },
    {
      name: "trusted-ca-file",
      kind: "string",
      default: "",
      help: "path to the client server TLS CA file for verifying the discovered endpoints when discovery-srv is provided.",
      status: "works",
    },
  ],
};
