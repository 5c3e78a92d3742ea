import { etcdutlMain } from "./etcdutl.ts";

await etcdutlMain(process.argv.slice(2));
