import type { Message, MessageType } from "../proto/raft-message.ts";
import type { RaftState } from "./raft-state.ts";

/** What is done with a message of one type. */
export type Handler = (raft: RaftState, message: Message) => void;

/** What a role does with each type of message; types that are not named are not for that role and ignored. */
export type Handlers = { readonly [Type in MessageType]?: Handler };
