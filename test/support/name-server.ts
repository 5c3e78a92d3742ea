import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp-folder.ts";

/** What a name server knows: the services of `_service._tcp.domain`, and the addresses of hosts. */
export interface NameRecords {
  readonly srv: Readonly<Record<string, readonly { readonly host: string; readonly port: number }[]>>;
  readonly a: Readonly<Record<string, string>>;
}

/** Types of records (RFC 1035, RFC 2782), and the class of all that is asked here. */
const TYPE = { a: 1, srv: 33 } as const;
const INTERNET = 1;
/** An answer of the server that knows best; with the code for a name that there is not. */
const RESPONSE = 0x8400;
const NO_SUCH_NAME = 3;
const HEADER_LENGTH = 12;
const TTL_SECONDS = 1;

/**
 * A name server on an address of loopback's own, and a command that makes it the machine's for one process: resolv.conf has
 * no port, so the server needs port 53, and the file is another one in a mount namespace only. Both take root.
 */
export class NameServer {
  /** The names that were asked for, with their types. */
  readonly questions: string[] = [];
  readonly #records: NameRecords;

  private constructor(records: NameRecords) {
    this.#records = records;
  }

  /** Answers until the test ends. */
  static async start(
    records: NameRecords,
  ): Promise<{ readonly server: NameServer; readonly wrapper: readonly string[] }> {
    if (process.getuid?.() !== 0) {
      throw new Error("a name server of the test's own needs port 53 and a mount namespace: run this test as root");
    }
    const socket = createSocket("udp4");
    const server = new NameServer(records);
    socket.on("message", (question, { port, address }) => {
      const answer = server.#answer(question);
      if (answer !== undefined) socket.send(answer, port, address);
    });
    const address = `127.53.${String(byte())}.${String(byte())}`;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(53, address, resolve);
    });
    onTestFinished(() => void socket.close());
    return { server, wrapper: withNameServer(address) };
  }

  #answer(question: Buffer): Buffer | undefined {
    const { name, end } = readName(question);
    const type = question.readUInt16BE(end);
    this.questions.push(`${String(type)} ${name}`);
    const { srv, a } = this.#records;
    const places = Object.hasOwn(srv, name) ? (srv[name] ?? []) : [];
    const address = Object.hasOwn(a, name) ? a[name] : undefined;
    const answers = [];
    if (type === TYPE.srv) answers.push(...places.map((place) => record(question, end, srvData(place))));
    if (type === TYPE.a && address !== undefined) {
      answers.push(record(question, end, Buffer.from(address.split(".").map(Number))));
    }
    const isKnown = places.length > 0 || address !== undefined;
    const header = Buffer.alloc(HEADER_LENGTH);
    question.copy(header, 0, 0, 2);
    const recursionDesired = question.readUInt16BE(2) & 0x0100;
    header.writeUInt16BE(RESPONSE | recursionDesired | (isKnown ? 0 : NO_SUCH_NAME), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, question.subarray(HEADER_LENGTH, end + 4), ...answers]);
  }
}

/** What stands before a command for which this is the machine's only name server. */
function withNameServer(address: string): readonly string[] {
  const folder = tempFolder();
  const [resolver, order] = [join(folder, "resolv.conf"), join(folder, "nsswitch.conf")];
  writeFileSync(resolver, `nameserver ${address}\n`);
  writeFileSync(order, "hosts: files dns\n");
  const script = [
    'mount --bind "$0" /etc/resolv.conf',
    'if [ -e /etc/nsswitch.conf ]; then mount --bind "$1" /etc/nsswitch.conf; fi',
    'shift; exec "$@"',
  ];
  return ["unshare", "--mount", "sh", "-ec", script.join("\n"), resolver, order];
}

function byte(): number {
  return 1 + Math.floor(Math.random() * 253);
}

/** The name of the first question, and where its type stands. */
function readName(question: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_LENGTH;
  for (let length = question.readUInt8(at); length > 0; length = question.readUInt8(at)) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

/** A record of the name and type of the question. */
function record(question: Buffer, end: number, data: Buffer): Buffer {
  const rest = Buffer.alloc(10);
  question.copy(rest, 0, end, end + 2);
  rest.writeUInt16BE(INTERNET, 2);
  rest.writeUInt32BE(TTL_SECONDS, 4);
  rest.writeUInt16BE(data.length, 8);
  return Buffer.concat([question.subarray(HEADER_LENGTH, end), rest, data]);
}

function srvData({ host, port }: { readonly host: string; readonly port: number }): Buffer {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(port, 4);
  return Buffer.concat([fixed, nameBytes(host)]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
