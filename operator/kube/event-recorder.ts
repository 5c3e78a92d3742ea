import type { Clock, Timer } from "./clock.ts";
import { eventKind } from "./kinds.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError, isFault } from "./kube-error.ts";
import type { KubeObject } from "./kube-object.ts";
import { microTime } from "./micro-time.ts";
import { TokenBucket } from "./token-bucket.ts";

/** The same event within this time is the same series (client-go: finishTime). */
const SERIES_MS = 6 * 60_000;
/** A series is written at most once in this time. */
const SERIES_WRITE_MS = 60_000;
/** Events of one object: enough for a whole change of its members, and then one in ten seconds. */
const OBJECT_EVENTS = { burst: 60, perSecond: 0.1 } as const;
/** Events that wait to be sent; more are dropped. */
const UNSENT_MAX = 200;
/** Series and objects that are remembered; beyond it the oldest are forgotten. */
const REMEMBERED_MAX = 2_000;
/** The API server's limits (events.k8s.io/v1). */
const NOTE_CHARACTERS_MAX = 1024;
const NAME_CHARACTERS_MAX = 200;

/** Something that happened to an object, for people who ask `kubectl describe`. */
export interface EventNotice {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  /** Why, in one CamelCase word. */
  readonly reason: string;
  /** What was done about it, in one CamelCase word. */
  readonly action: string;
  readonly note: string;
}

/** What a recorder works with. */
export interface RecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Which of the operators: its pod. */
  readonly instance: string;
  /** Hears of an event that is not written. Events are a courtesy: losing one is no error. */
  readonly onDropped: (notice: EventNotice, reason: string) => void;
}

interface Series {
  readonly notice: EventNotice;
  readonly name: string;
  count: number;
  written: number;
  lastMs: number;
  timer: Timer | undefined;
}

/** Writes events. Repeated ones become one series; nothing here ever fails or waits. */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  #unsent = 0;
  #sequence = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Writes an event soon. */
  emit(notice: EventNotice): void {
    const nowMs = this.#options.clock.monotonicMs();
    const key = seriesKey(notice);
    const known = this.#series.get(key);
    if (known && nowMs - known.lastMs < SERIES_MS) return this.#repeat(known, nowMs);
    known?.timer?.cancel();
    if (!this.#bucket(notice.regarding.metadata.uid ?? "", nowMs).tryTake(nowMs)) {
      return this.#options.onDropped(notice, "too many events of one object");
    }
    const name = this.#name(notice.regarding.metadata.name);
    remember(this.#series, key, { notice, name, count: 1, written: 1, lastMs: nowMs, timer: undefined });
    this.#send(notice, () => this.#options.client.create(eventKind, this.#object(notice, name), { attemptsMax: 3 }));
  }

  /** Ends when all events given so far are written or dropped, series included. */
  async flush(): Promise<void> {
    for (const series of this.#series.values()) {
      series.timer?.cancel();
      series.timer = undefined;
      if (series.count > series.written) this.#writeSeries(series);
    }
    await this.#sending;
  }

  #repeat(series: Series, nowMs: number): void {
    series.count++;
    series.lastMs = nowMs;
    if (series.timer) return;
    this.#writeSeries(series);
    series.timer = this.#options.clock.after(SERIES_WRITE_MS, () => {
      series.timer = undefined;
      if (series.count > series.written) this.#writeSeries(series);
    });
  }

  #writeSeries(series: Series): void {
    const { client, clock } = this.#options;
    const { notice, name, count } = series;
    series.written = count;
    const place = { namespace: namespaceOf(notice.regarding), name };
    const patch = { series: { count, lastObservedTime: microTime(clock.unixMs()) } };
    this.#send(notice, async () => {
      try {
        await client.mergePatch(eventKind, place, patch, { attemptsMax: 3 });
      } catch (error) {
        // Events are kept for an hour: the next one begins a new series.
        if (isFault(error, "NotFound")) this.#series.delete(seriesKey(notice));
        else throw error;
      }
    });
  }

  #send(notice: EventNotice, write: () => Promise<unknown>): void {
    if (this.#unsent >= UNSENT_MAX) return this.#options.onDropped(notice, "too many events wait to be written");
    this.#unsent++;
    this.#sending = this.#sending.then(async () => {
      try {
        await write();
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        this.#options.onDropped(notice, error.message);
      } finally {
        this.#unsent--;
      }
    });
  }

  #object({ regarding, type, reason, action, note }: EventNotice, name: string): object {
    const { apiVersion, kind, metadata } = regarding;
    return {
      metadata: { name, namespace: namespaceOf(regarding) },
      eventTime: microTime(this.#options.clock.unixMs()),
      reportingController: "kvorum.io/operator",
      reportingInstance: this.#options.instance.slice(0, 128),
      regarding: {
        apiVersion,
        kind,
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type,
      reason,
      action,
      note: note.length > NOTE_CHARACTERS_MAX ? `${note.slice(0, NOTE_CHARACTERS_MAX - 1)}…` : note,
    };
  }

  #bucket(uid: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(uid) ?? new TokenBucket(OBJECT_EVENTS, nowMs);
    remember(this.#buckets, uid, bucket);
    return bucket;
  }

  #name(regarding: string): string {
    const moment = this.#options.clock.unixMs().toString(16);
    return `${regarding.slice(0, NAME_CHARACTERS_MAX)}.${moment}-${(this.#sequence++).toString(16)}`;
  }
}

function seriesKey({ regarding, type, reason, action, note }: EventNotice): string {
  return JSON.stringify([regarding.metadata.uid, type, reason, action, note]);
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? "default";
}

/** Puts an entry last and forgets the first one beyond the limit. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
