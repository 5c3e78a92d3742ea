import { expect, test } from "vitest";
import { FAILPOINTS } from "../../../../operator/config/failpoints.ts";
import { course, killedAtEach } from "./course.ts";
import { SITUATIONS } from "./situations.ts";

/** The failpoints that some situation has passed. */
const passed = new Set<string>();

for (const situation of SITUATIONS) {
  test(`${situation.name}: wherever the operator is killed, the next one comes to the same end`, async () => {
    const whole = await course(situation);
    for (const moment of whole.moments) passed.add(moment.split(" ")[0] ?? "");
    expect(await killedAtEach(situation, whole)).toEqual([]);
  });
}

test("no failpoint is passed by", () => {
  expect(Object.keys(FAILPOINTS).filter((name) => !passed.has(name))).toEqual([]);
});
