import { describe, expect, test } from "vitest";
import { ObjectModel, type Known } from "../../integration/control-plane/object-model.ts";

const at = (content: string, resourceVersion: number): Known => ({ content, resourceVersion: String(resourceVersion) });

/** A model that was told of one acknowledged write. */
function written(): ObjectModel {
  const model = new ObjectModel();
  model.acknowledged("o", at("one", 1));
  return model;
}

describe("the model of one writer's objects", () => {
  test("what was acknowledged is found", () => {
    expect(written().found("o", at("one", 1))).toBeUndefined();
  });

  test.each<readonly [string, Known, string]>([
    ["deleted behind the model's back", "absent", 'o: found nothing, possible was "one" at 1'],
    ["changed behind the model's back", at("two", 2), 'o: found "two" at 2, possible was "one" at 1'],
    ["written again with the same content", at("one", 2), 'o: found "one" at 2, possible was "one" at 1'],
  ])("an object that was %s is reported", (_how, found, complaint) => {
    expect(written().found("o", found)).toBe(complaint);
  });

  test("an object that comes back after its deletion is reported", () => {
    const model = written();
    model.acknowledged("o", "absent");
    expect(model.found("o", at("one", 1))).toBe('o: found "one" at 1, possible was nothing');
  });

  test("an object that nobody wrote is absent", () => {
    expect(new ObjectModel().found("other", at("x", 1))).toBe('other: found "x" at 1, possible was nothing');
  });

  test("after a write without an answer both are possible, and nothing else", () => {
    const before = written();
    before.unanswered("o", { content: "two" });
    expect(before.isCertain("o")).toBe(false);
    expect(before.found("o", at("three", 3))).toBe(
      'o: found "three" at 3, possible were "one" at 1 or "two" at an unknown version',
    );
    expect(before.found("o", at("one", 1))).toBeUndefined();
    expect(before.found("o", at("two", 2))).toBeUndefined();
  });

  test("once it was seen to have taken effect it cannot be undone", () => {
    const model = written();
    model.unanswered("o", "absent");
    expect(model.found("o", "absent")).toBeUndefined();
    expect(model.isCertain("o")).toBe(true);
    expect(model.found("o", at("one", 1))).toBe('o: found "one" at 1, possible was nothing');
  });

  test("seen not to have taken effect, it still may", () => {
    const model = written();
    model.unanswered("o", "absent");
    expect(model.found("o", at("one", 1))).toBeUndefined();
    expect(model.isCertain("o")).toBe(false);
  });

  test("the next acknowledged write decides", () => {
    const model = written();
    model.unanswered("o", { content: "two" });
    model.acknowledged("o", at("three", 3));
    expect(model.found("o", at("two", 2))).toBe('o: found "two" at 2, possible was "three" at 3');
  });
});
