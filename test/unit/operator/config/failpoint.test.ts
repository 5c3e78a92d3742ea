import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../../../operator/config/config.ts";
import {
  armFailpoints,
  failpoint,
  FailpointError,
  hearFailpoints,
  parseFailpoints,
} from "../../../../operator/config/failpoint.ts";
import { FAILPOINTS } from "../../../../operator/config/failpoints.ts";

afterEach(() => armFailpoints(undefined));

describe("failpoints", () => {
  test("do nothing and are nothing to wait for unless they are armed", () => {
    expect(failpoint("after-add-learner")).toBeUndefined();
    armFailpoints("");
    expect(failpoint("after-add-learner")).toBeUndefined();
  });

  test("are read with what they do", () => {
    expect([...parseFailpoints("after-promote, after-add-learner:error,after-move-leader:pause=250")]).toEqual([
      ["after-promote", { kind: "exit" }],
      ["after-add-learner", { kind: "error" }],
      ["after-move-leader", { kind: "pause", ms: 250 }],
    ]);
  });

  test.each([
    ["after-promot", 'there is no failpoint "after-promot": see "kvorum-operator failpoints"'],
    ["constructor", 'there is no failpoint "constructor"'],
    ["after-promote:panic", 'after-promote can exit, error or pause=MILLISECONDS, not "panic"'],
    ["after-promote:pause", 'after-promote can exit, error or pause=MILLISECONDS, not "pause"'],
  ])("that cannot be armed are refused: %s", (text, message) => {
    expect(() => armFailpoints(text)).toThrow(ConfigError);
    expect(() => armFailpoints(text)).toThrow(message);
  });

  test("armed with error throw, the others go on", async () => {
    armFailpoints("after-promote:error");
    await expect(failpoint("after-promote")).rejects.toThrow(FailpointError);
    await expect(failpoint("after-add-learner")).resolves.toBeUndefined();
  });

  test("armed with pause hold", async () => {
    armFailpoints("after-promote:pause=20");
    const startMs = performance.now();
    await failpoint("after-promote");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(19);
  });

  test("are heard by a simulation in the same process, and what it throws is thrown there", async () => {
    const heard: string[] = [];
    hearFailpoints((name) => {
      heard.push(name);
      if (name === "after-promote") throw new Error("killed");
    });
    await expect(passBy()).rejects.toThrow("killed");
    expect(heard).toEqual(["after-add-learner", "after-promote"]);
    hearFailpoints(undefined);
    expect(failpoint("after-promote")).toBeUndefined();
  });

  test("armed with exit kill the process as kill -9 does: nothing after them happens", () => {
    expect(dying("")).toEqual({
      status: null,
      signal: "SIGKILL",
      stdout: "before\n",
      stderr: "failpoint after-promote: exit\n",
    });
  });

  test("end a process that cannot kill itself in the same way: the first one of a container ignores its own signals", () => {
    expect(dying("process.kill = () => true;")).toEqual({
      status: 137,
      signal: null,
      stdout: "before\n",
      stderr: "failpoint after-promote: exit\n",
    });
  });
});

test("every failpoint that is named in the operator is in the list, and is named once", () => {
  const files = readdirSync("operator", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const named = files.flatMap((path) => {
    const text = readFileSync(`operator/${path}`, "utf8");
    return [...text.matchAll(/^\s*await failpoint\("([^"]+)"\)/gm)].map(([, name = ""]) => name);
  });
  expect(named.filter((name) => !(name in FAILPOINTS))).toEqual([]);
});

async function passBy(): Promise<void> {
  await failpoint("after-add-learner");
  await failpoint("after-promote");
  await failpoint("after-move-leader");
}

/** Runs a process that comes by an armed failpoint, and gives how it ended. */
function dying(prologue: string) {
  const script = `
    import { armFailpoints, failpoint } from "./operator/config/failpoint.ts";
    ${prologue}
    process.on("exit", () => console.log("cleaned up"));
    armFailpoints(process.env.KVORUM_FAILPOINTS);
    console.log("before");
    await failpoint("after-promote");
    console.log("after");
  `;
  const args = ["--input-type=module-typescript", "--eval", script];
  const env = { ...process.env, KVORUM_FAILPOINTS: "after-promote" };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  return { status, signal, stdout, stderr };
}
