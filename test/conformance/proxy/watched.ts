import { onTestFinished } from "vitest";
import type { Client } from "../../../server/client/client.ts";
import type { WatchResponse } from "../../../server/proto/gen/rpc_pb.js";
import { waitUntil } from "../../support/wait-until.ts";
import { comparable } from "./comparable.ts";

type Request = Parameters<ReturnType<Client["watch"]["watch"]>["send"]>[0];
type Create = Extract<NonNullable<Request["requestUnion"]>, { readonly case: "createRequest" }>["value"];

/** A watch stream of a client and all that it has said. */
export interface Watched {
  create(value: Create): Promise<void>;
  cancel(watchId: bigint): Promise<void>;
  /** Waits until so many responses and so many events have come, and so many watches have ended. */
  until(what: { readonly responses?: number; readonly events?: number; readonly ended?: number }): Promise<void>;
  /** Everything so far: what was created and cancelled, and the events of each watcher in their order. */
  all(): unknown;
}

/** Opens a stream; it ends with the test. */
export function watchStream(client: Client, token?: string): Watched {
  const stream = client.watch.watch(token === undefined ? {} : { metadata: { token } });
  const responses: WatchResponse[] = [];
  const read = async (): Promise<void> => {
    for await (const response of stream) responses.push(response);
  };
  read().catch(() => undefined);
  onTestFinished(() => stream.cancel());
  const ended = (): number => responses.filter(({ canceled }) => canceled).length;
  const events = (): number => responses.reduce((sum, response) => sum + response.events.length, 0);
  return {
    create: (value) => stream.send({ requestUnion: { case: "createRequest", value } }),
    cancel: (watchId) => stream.send({ requestUnion: { case: "cancelRequest", value: { watchId } } }),
    async until(what) {
      await waitUntil(
        JSON.stringify(what),
        () => {
          const { responses: wanted = 0, events: happened = 0, ended: over = 0 } = what;
          return responses.length >= wanted && events() >= happened && ended() >= over ? true : undefined;
        },
        { everyMs: 10 },
      ).catch((error: unknown) => {
        throw new Error(`so far: ${JSON.stringify(comparable(responses))}`, { cause: error });
      });
    },
    all() {
      const ids = [...new Set(responses.map(({ watchId }) => watchId))].toSorted((a, b) => Number(a - b));
      return ids.map((id) => {
        const own = responses.filter(({ watchId }) => watchId === id);
        // How events are spread over responses is a matter of time.
        const states = own.filter((one) => one.created || one.canceled || one.compactRevision > 0n);
        return comparable({
          id,
          states: states.map(({ created, canceled, compactRevision }) => ({ created, canceled, compactRevision })),
          events: own.flatMap((one) => one.events),
        });
      });
    },
  };
}
