import { Command, Option } from "commander";
import { down, kubeconfigPath, kubectlPath, loadImage, loadS3Gateway, up } from "./cluster.ts";
import { STORES, type Store } from "./control-plane.ts";
import { addresses, imageFolder, linkName, stateFolder } from "./places.ts";
import { status } from "./status.ts";

/** `node tools/kubernetes/main.ts`: a Kubernetes to try things on, which goes without a trace. */
const NEEDS = `
Needs Linux, root, Go 1.24 and Debian's packages, which "up" installs. The first "up" builds Kubernetes 1.34 from source:
about ten minutes on two cores. Each later one takes some ten seconds.

What it touches: the cluster is a machine made of Linux namespaces, so that its processes, mounts, interfaces, addresses
and packet filter rules are its own and end with it. Outside of it there are only
  ${stateFolder}  all its state, removed by "down"
  ${imageFolder}  image archives and layers, and beside it bin/ and go/: kept
  interface ${linkName} with ${addresses.host} and a route to ${addresses.range}, where the host reaches node, pods and services
  cgroup kubepods, and kernel settings that kubelet changes (vm.overcommit_memory, kernel.panic …): set back by "down"
It has no way to the world: images come by "load-image", and only names of the cluster are resolved.

Try:
  node tools/kubernetes/main.ts up
  export KUBECONFIG=$(node tools/kubernetes/main.ts kubeconfig)
  alias kubectl=${kubectlPath}
  kubectl get pods --all-namespaces
  node tools/kubernetes/main.ts load-image      then name localhost/kvorum:dev with imagePullPolicy: Never
  node tools/kubernetes/main.ts down`;

const program = new Command("kubernetes")
  .description("A throwaway Kubernetes on this machine")
  .addHelpText("after", NEEDS);
program
  .command("up")
  .description("start it, or leave the one that runs as it is; ends when pods with claims can run")
  .addOption(
    new Option(
      "--store <server>",
      "what keeps its state: etcd 3.6 (as a rule), or Kvorum's own server of dist/bin",
    ).choices(STORES),
  )
  .action((options: { readonly store?: Store }) => up(options));
program
  .command("down")
  .description("end it, or what a crash left of it, and remove all its data")
  .action(() => down());
program
  .command("status")
  .description("what runs, and where its logs are")
  .action(async () => {
    console.log((await status()).join("\n"));
  });
program
  .command("load-image")
  .description("build this checkout's image and give it to the node")
  .option("--from <folder>", "another checkout, which nobody edits meanwhile")
  .option("--s3", "the image of an S3 gateway, for backups, instead")
  .action(async ({ from, s3 }: { readonly from?: string; readonly s3?: boolean }) => {
    console.log(await (s3 === true ? loadS3Gateway() : loadImage(from === undefined ? {} : { folder: from })));
  });
program
  .command("kubeconfig")
  .description("print the path of the administrator's kubeconfig")
  .action(() => {
    console.log(kubeconfigPath);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(messages(error).join("\n  because: "));
  process.exitCode = 1;
}

function messages(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : messages(error.cause))];
}
