import { timestamp } from "../types/condition.ts";

/** A status takes messages of 4096 characters; logs and answers of the API server may be longer. */
const MESSAGE_MAX = 2000;

/** A message that fits into a status. */
export function clipped(message: string): string {
  return message.length <= MESSAGE_MAX ? message : `${message.slice(0, MESSAGE_MAX)} …`;
}

/** A message with the moment since which it is true: that of the message before, as long as it says the same. */
export function waitingSince(before: string | undefined, message: string, nowMs: number): string {
  const said = `${clipped(message)} (since `;
  return before?.startsWith(said) ? before : `${said}${timestamp(nowMs)})`;
}
