import { join } from "node:path";
import type { Mailbox } from "../../core/mailbox.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { quietEnv } from "../../../tests/contract/quiet_env.ts";
import type { SinkSubject, StoredEmail } from "../../../tests/contract/sink_contract.ts";
import { storedEmailOf } from "../../../tests/contract/stored_email_of.ts";
import { filesBelow } from "../../../tests/files_below.ts";
import type { FileSystem } from "../file_system.ts";
import { dataFolderOf } from "../layout.ts";
import { createLocalDestination } from "../local_destination.ts";

export interface LocalSubjectOptions {
  readonly uploads?: Semaphore;
  readonly files?: FileSystem;
  /** A folder that exists and is kept; default: a temporary one, removed at the end. */
  readonly prefix?: string;
}

/** A local destination in a folder of its own. */
export async function localSubject(options: LocalSubjectOptions = {}) {
  const prefix = options.prefix ?? await Deno.makeTempDir();
  const { env, lines } = quietEnv();
  const { sink, states } = createLocalDestination({
    prefix,
    uploads: options.uploads ?? new Semaphore(8),
    env,
    programVersion: "1.2.3",
    ...(options.files ? { files: options.files } : {}),
  });
  const dispose = async () => {
    if (options.prefix === undefined) await Deno.remove(prefix, { recursive: true });
  };
  return {
    sink,
    states,
    prefix,
    lines,
    stored: (mailbox: Mailbox) => storedEmails(prefix, mailbox),
    [Symbol.asyncDispose]: dispose,
  } satisfies SinkSubject & Record<string, unknown>;
}

/** Every complete email, its content hashed from the `.eml` beside the `.json`. */
export async function storedEmails(
  prefix: string,
  mailbox: Mailbox,
): Promise<readonly StoredEmail[]> {
  const paths = await filesBelow(join(prefix, dataFolderOf(mailbox)));
  const records = paths.filter((path) => path.endsWith(".json") && !path.includes("/.tmp/"));
  return await Promise.all(records.map(readEmail));
}

async function readEmail(path: string): Promise<StoredEmail> {
  const record = await Deno.readTextFile(path);
  const mime = await Deno.readFile(path.replace(/json$/, "eml"));
  return storedEmailOf({ name: path, record, mime });
}
