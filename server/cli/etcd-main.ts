import { etcdMain } from "./etcd.ts";

await etcdMain(process.argv.slice(2));
