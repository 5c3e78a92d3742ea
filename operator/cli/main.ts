import { operatorMain } from "./operator-command.ts";

process.exitCode = await operatorMain(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
