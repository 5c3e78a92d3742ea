import { addMemberCommand } from "../../server/cli/member.ts";
import { runTool, toolCommand } from "../../server/cli/command-line.ts";

/** `kvorum member` that ends as by `kill -9` when it has come to the step that $KILL_AT names. */
const program = toolCommand("kvorum");
addMemberCommand(program, (step) => {
  if (step === process.env["KILL_AT"]) process.kill(process.pid, "SIGKILL");
});
await runTool(program, process.argv.slice(2));
