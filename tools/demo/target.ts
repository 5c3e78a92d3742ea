import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { etcdBinaries } from "../etcd-binaries.ts";
import { DemoError } from "./demo-error.ts";
import { say, type } from "./shell.ts";

/** A program as it is shown and where it is. */
export interface Program {
  readonly shown: string;
  readonly path: string;
  readonly args?: readonly string[];
}

/** The Kubernetes that the demo runs on, and with what. */
export interface Target {
  readonly kubectl: Program;
  readonly helm: Program;
  readonly etcdctl: Program;
  /** Repository and tag of the image that runs everything. */
  readonly image: string;
  /** Which image the tag means now, where a tag of this machine comes to mean another one with each build. */
  readonly imageId?: string;
  /** Never on a node that has it already. */
  readonly pullPolicy: "IfNotPresent" | "Never";
  /** Image of the S3 server for the backup. */
  readonly s3Image: string;
}

export interface TargetOptions {
  readonly context?: string | undefined;
  readonly image?: string | undefined;
}

const PUBLIC_S3_IMAGE = "docker.io/versity/versitygw:latest";
const DEV_IMAGE = "localhost/kvorum:dev";

/** The user's own Kubernetes, or a throwaway one on this machine. */
export async function prepareTarget({ context, image }: TargetOptions): Promise<Target> {
  return context === undefined ? throwaway(image) : ofContext(context, image);
}

/** The same without starting or building anything. */
export async function findTarget({ context }: TargetOptions): Promise<Pick<Target, "kubectl" | "helm">> {
  return context === undefined ? throwawayPrograms() : programsOf(context);
}

async function throwaway(named: string | undefined): Promise<Target> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new DemoError(
      "without --context the demo starts a Kubernetes on this machine, and that needs Linux and root: " +
        'name one of your own ("npm run demo -- --context NAME"), or run it as root',
    );
  }
  say("a throwaway Kubernetes on this machine");
  const { builtImageId, loadImage, loadS3Gateway, up } = await import("../kubernetes/cluster.ts");
  await up({ log: console.log });
  const image = named ?? (await loadImage({ log: console.log }));
  const s3Image = await loadS3Gateway();
  return {
    ...(await throwawayPrograms()),
    etcdctl: etcdctl(),
    image,
    ...(named === undefined && { imageId: builtImageId() }),
    pullPolicy: named === undefined ? "Never" : "IfNotPresent",
    s3Image,
  };
}

async function throwawayPrograms(): Promise<Pick<Target, "kubectl" | "helm">> {
  const { helmPath, kubeconfigPath, kubectlPath } = await import("../kubernetes/cluster.ts");
  console.log(`$ export KUBECONFIG=${kubeconfigPath.replace(homedir(), "~")}`);
  process.env["KUBECONFIG"] = kubeconfigPath;
  return {
    kubectl: { shown: "kubectl", path: kubectlPath },
    helm: { shown: "helm", path: helmPath },
  };
}

async function ofContext(context: string, image: string | undefined): Promise<Target> {
  const programs = programsOf(context);
  const base = { ...programs, etcdctl: etcdctl(), s3Image: PUBLIC_S3_IMAGE };
  if (image !== undefined) return { ...base, image, pullPolicy: "IfNotPresent" };
  await giveImage(context);
  return { ...base, image: DEV_IMAGE, pullPolicy: "Never" };
}

function programsOf(context: string): Pick<Target, "kubectl" | "helm"> {
  const kubectl = required("kubectl", "see https://kubernetes.io/docs/tasks/tools");
  const helm = required("helm", "see https://helm.sh/docs/intro/install");
  return {
    kubectl: { ...kubectl, args: [`--context=${context}`] },
    helm: { ...helm, args: [`--kube-context=${context}`] },
  };
}

/** Builds the image by docker and loads it into a kind or minikube cluster; others have to pull one. */
async function giveImage(context: string): Promise<void> {
  const kind = /^kind-(.+)$/.exec(context)?.[1];
  if (kind === undefined && !context.startsWith("minikube")) {
    throw new DemoError(
      `the nodes of context ${context} cannot be given an image from here: push one to a registry that they reach ` +
        "(docker build -t REF . && docker push REF) and name it with --image REF",
    );
  }
  const docker = required("docker", "or name an image with --image REF");
  await type(docker, ["build", "--tag", DEV_IMAGE, "."]);
  if (kind !== undefined) await type(required("kind", ""), ["load", "docker-image", DEV_IMAGE, "--name", kind]);
  else await type(required("minikube", ""), ["image", "load", DEV_IMAGE, "--profile", context]);
}

function etcdctl(): Program {
  const found = onPath("etcdctl");
  return { shown: "etcdctl", path: found ?? join(etcdBinaries(), "etcdctl") };
}

function required(name: string, advice: string): Program {
  const path = onPath(name);
  if (path === undefined) throw new DemoError(`${name} is not on the PATH${advice === "" ? "" : `: ${advice}`}`);
  return { shown: name, path };
}

function onPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
