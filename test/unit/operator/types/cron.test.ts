import { expect, test } from "vitest";
import { isCronSchedule } from "../../../../operator/types/cron.ts";

test.each([
  "0 * * * *",
  "*/5 0-6/2 1,15 JAN-mar sun",
  "59 23 31 12 7",
  "00 09 01 01 0",
  "@daily",
  "@Hourly",
  "0  3 * * *",
])("%j is a schedule", (schedule) => {
  expect(isCronSchedule(schedule)).toBe(true);
});

test.each([
  "",
  "0 * * *",
  "0 0 * * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * 32 * *",
  "* * * 13 *",
  "* * * * 8",
  "*/0 * * * *",
  "1- * * * *",
  "1,,2 * * * *",
  "@every 5m",
  "@reboot",
  "TZ=UTC 0 * * * *",
  "0 * * * *\n",
])("%j is none", (schedule) => {
  expect(isCronSchedule(schedule)).toBe(false);
});
