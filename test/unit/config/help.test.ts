import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { flagsReference } from "../../../server/config/flags-reference.ts";
import { helpText } from "../../../server/config/help.ts";
import { ALL_FLAGS, OPTION_GROUPS } from "../../../server/config/options.ts";

const listed = OPTION_GROUPS.flatMap(({ options }) => options);

describe("the help", () => {
  test("shows every flag with its default", () => {
    const text = helpText();
    for (const { name, default: byDefault, defaultShown } of listed) {
      expect(text).toContain(`\n  --${name} '${defaultShown ?? byDefault}'\n`);
    }
  });

  test("keeps the headings in order", () => {
    const text = helpText();
    const places = OPTION_GROUPS.map(({ title }) => text.indexOf(`\n${title}:\n`));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("says where a flag does nothing", () => {
    expect(helpText()).toMatch(/--max-wals '5'\n.*Accepted without effect/);
  });
});

describe("the reference", () => {
  test("has a row for every flag, and its variable", () => {
    const text = flagsReference();
    for (const { name } of listed) expect(text).toContain(`| \`--${name}\``);
    expect(text).toContain("`ETCD_INITIAL_ADVERTISE_PEER_URLS`");
    expect(listed.length + 2).toBe(ALL_FLAGS.length);
  });

  test("is what the documentation shows", () => {
    const page = new URL("../../../docs/server-flags.md", import.meta.url);
    expect(readFileSync(page, "utf8")).toBe(flagsReference());
  });

  test("has tables whose rows all have as many cells as their head", () => {
    for (const block of flagsReference()
      .split("\n\n")
      .filter((part) => part.startsWith("|"))) {
      const lines = block.trimEnd().split("\n");
      expect(new Set(lines.map((line) => line.replaceAll("\\|", "").split("|").length)).size).toBe(1);
      expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    }
  });
});
