import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { NodeId } from "../base/ids.ts";
import { AlarmMemberSchema, AlarmType } from "../proto/gen/rpc_pb.js";
import type { AlarmMember } from "../proto/gen/rpc_pb.js";
import type { WriteBuffer } from "../backend/write-buffer.ts";

const EMPTY = new Uint8Array();

/** Which members have raised which alarms. The row's key is the whole alarm, its value is empty. */
export class Alarms {
  readonly #buffer: WriteBuffer;
  readonly #raised = new Map<string, AlarmMember>();

  constructor(buffer: WriteBuffer) {
    this.#buffer = buffer;
  }

  /** A row of bucket `alarm`. */
  load(key: Uint8Array): void {
    const alarm = fromBinary(AlarmMemberSchema, key);
    this.#raised.set(nameOf(alarm), alarm);
  }

  /** All alarms of a type; NONE means of any. */
  list(type: AlarmType): readonly AlarmMember[] {
    return [...this.#raised.values()].filter(({ alarm }) => type === AlarmType.NONE || alarm === type);
  }

  has(type: AlarmType): boolean {
    for (const { alarm } of this.#raised.values()) if (alarm === type) return true;
    return false;
  }

  /** Whether it was not raised before. */
  raise(alarm: AlarmMember): boolean {
    const isNew = !this.#raised.has(nameOf(alarm));
    this.#raised.set(nameOf(alarm), alarm);
    if (isNew) this.#buffer.put("alarm", toBinary(AlarmMemberSchema, alarm), EMPTY);
    return isNew;
  }

  /** Whether it was raised. */
  clear(alarm: AlarmMember): boolean {
    const wasRaised = this.#raised.delete(nameOf(alarm));
    if (wasRaised) this.#buffer.delete("alarm", toBinary(AlarmMemberSchema, alarm));
    return wasRaised;
  }
}

/** An alarm of a member. */
export function alarmOf(memberID: NodeId, alarm: AlarmType): AlarmMember {
  return { $typeName: "etcdserverpb.AlarmMember", memberID, alarm };
}

function nameOf({ memberID, alarm }: AlarmMember): string {
  return `${memberID}/${alarm}`;
}
