import { parseArgs } from "node:util";
import { DemoError } from "./demo/demo-error.ts";
import { runDemo, tearDown } from "./demo/run-demo.ts";

/** `npm run demo`: the main job on Kubernetes, command by command as a user would type it. */
const { values: options } = parseArgs({
  options: {
    context: { type: "string" },
    image: { type: "string" },
    namespace: { type: "string", default: "kvorum-demo" },
    down: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run demo [-- --context NAME [--image REF]] [-- --namespace NAME]
npm run demo -- --down [--context NAME]

Installs the operator by its chart, applies a cluster, writes data, scales it, deletes a pod, takes a backup to S3 and
restores it into a second cluster. Every command is printed before it runs.

--context NAME    use the Kubernetes of this context of your kubeconfig; kind and minikube get the image loaded, others
                  have to be able to pull it
--image REF       the image to run instead of one that is built from this checkout
--namespace NAME  where the clusters are made (default kvorum-demo)
--down            remove everything again

Without --context a throwaway Kubernetes is started on this machine. That needs Linux, root, Go (its programs are built once,
in some eight minutes on two cores, and kept in ~/.cache/kvorum) and Debian packages, which are installed.`);
} else {
  try {
    if (options.down) await tearDown(options);
    else await runDemo(options);
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
