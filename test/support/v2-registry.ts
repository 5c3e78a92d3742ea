import { onTestFinished } from "vitest";
import { etcdWithV2 } from "../../tools/etcd-binaries.ts";
import { Cluster } from "./cluster.ts";

/** A v2 discovery service: etcd 3.5, the last release that serves the v2 API. */
export class V2Registry {
  readonly #cluster: Cluster;
  readonly #keys: string;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#keys = `${cluster.member(0).clientUrl}/v2/keys`;
  }

  /** Runs until the test ends; `flags` come after its own. */
  static async start(...flags: string[]): Promise<V2Registry> {
    const binary = { name: "etcd-3.5", command: [etcdWithV2()] as const, isKvorum: false };
    const cluster = await Cluster.create({ binary, size: 1, flags: ["--enable-v2", ...flags] });
    onTestFinished(() => cluster.destroy());
    await cluster.start();
    return new V2Registry(cluster);
  }

  /** Lets a cluster of this size be found under a token; answers with what --discovery is told. */
  async token(name: string, size: number | string): Promise<string> {
    const url = `${this.#keys}/discovery/${name}`;
    await this.#put(`${url}/_config/size`, String(size));
    return url;
  }

  /** Writes a member down under a token. */
  async write(url: string, id: string, peers: string): Promise<void> {
    await this.#put(`${url}/${id}`, peers);
  }

  /** The members under a token as they wrote themselves down, the first to come first. */
  async members(url: string): Promise<readonly { readonly key: string; readonly value: string }[]> {
    const answer = (await (await fetch(url)).json()) as { readonly node: { readonly nodes?: readonly Written[] } };
    const nodes = (answer.node.nodes ?? []).toSorted((a, b) => a.createdIndex - b.createdIndex);
    return nodes.map(({ key, value }) => ({ key: key.slice(key.lastIndexOf("/") + 1), value }));
  }

  /** As if the service were gone. */
  stop(): Promise<void> {
    return this.#cluster.member(0).kill();
  }

  async #put(url: string, value: string): Promise<void> {
    const answer = await fetch(url, { method: "PUT", body: new URLSearchParams({ value }) });
    if (!answer.ok) throw new Error(`PUT ${url}: ${String(answer.status)} ${await answer.text()}`);
  }
}

interface Written {
  readonly key: string;
  readonly value: string;
  readonly createdIndex: number;
}
