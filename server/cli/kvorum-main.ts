import { kvorumMain } from "./kvorum.ts";

await kvorumMain(process.argv.slice(2));
