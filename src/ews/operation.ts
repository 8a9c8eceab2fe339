import type { Reach } from "../source/failure_table.ts";
import type { RepeatedAnswer } from "../source/repeated_answer.ts";
import type { ResponseMessage } from "./response_message.ts";
import type { SchemaVersion } from "./schema_version.ts";
import type { Xml } from "./xml_writer.ts";

/** One EWS request and how its answer is read. Pure: whoever has a client sends it. */
export interface Operation<T> {
  /** Element name in the SOAP body, e.g. `GetItem`; the answer's is `GetItemResponse`. */
  readonly name: string;
  /** How far a refusal of the request reaches. */
  readonly reach: Reach;
  /** Response messages the answer must have: one for each thing asked for. */
  readonly messagesExpected: number;
  /** Local names of the answer's elements that hold base64, which is taken out; absent: none do. */
  readonly contentElements?: readonly string[];
  /** Remembers what was read the last time; absent: every answer is read anew. */
  readonly last?: RepeatedAnswer<T>;
  /** The SOAP body. Element order is the schema's. */
  encode(version: SchemaVersion): Xml;
  /** Reads the response messages; throws the error of one that concerns the whole answer. */
  decode(messages: readonly ResponseMessage[]): T;
}
