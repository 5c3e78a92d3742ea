import { Agent, request } from "node:http";

/** An identity has a few hundred bytes; more than this is none. Whoever answers at that address is not trusted to end. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** Connections to one pod at a time: an identity, its release, and a permit. */
const SOCKETS_MAX = 4;

/** What to ask of a pod's peer port. */
export interface PeerQuestion {
  /** JSON to be posted; without it, it is a GET. */
  readonly body?: string;
  readonly timeoutMs: number;
}

/** What came back, whatever the status. */
export interface PeerAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks a pod's peer port; throws an Error in words if no answer comes. */
export type PeerRequest = (url: string, question: PeerQuestion) => Promise<PeerAnswer>;

/**
 * Members close a connection that is idle for a few seconds, and each is asked a few times a minute: nothing is kept.
 * `fetch` would make a pool for each of them every time, which costs more than the question.
 */
const agent = new Agent({ keepAlive: false, maxSockets: SOCKETS_MAX });

/** The real one. No redirect is followed. */
export const peerRequest: PeerRequest = (url, { body, timeoutMs }) => {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const method = body === undefined ? "GET" : "POST";
    const asked = request(url, { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
        if (text.length > ANSWER_BYTES_MAX) asked.destroy(new Error("the answer is too long"));
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.once("error", reject);
    });
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${String(timeoutMs)} ms`)), timeoutMs);
    asked.once("error", reject);
    asked.once("close", () => clearTimeout(timer));
    asked.end(body);
  });
};
