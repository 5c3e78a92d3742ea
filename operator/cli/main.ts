import { operatorMain } from "./operator-command.ts";

await operatorMain(process.argv.slice(2));
