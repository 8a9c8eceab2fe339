import { join } from "node:path";

/** One email in the output folder of the appliance, as its `.json` describes it. */
export interface DeliveredEmail {
  /** Path of the `.json`; the `.eml` is beside it. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly receivedAt: Date | undefined;
  /** Display names from the top-level folder down. */
  readonly folder: readonly string[];
}

/** Whether Exchange received the email at `time` or later. */
export function arrivedSince({ receivedAt }: DeliveredEmail, time: Date): boolean {
  return receivedAt !== undefined && receivedAt >= time;
}

/** The delivered emails below one `--local-files-prefix`, read as a customer's program would. */
export class DeliveredFiles {
  readonly #prefix: string;
  readonly #emails = new Map<string, DeliveredEmail>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get emails(): readonly DeliveredEmail[] {
    return [...this.#emails.values()];
  }

  /** Reads the emails that are new since the last time. */
  async refresh(): Promise<void> {
    for await (const path of filesBelow(join(this.#prefix, "data"))) {
      if (this.#emails.has(path)) continue;
      const { mime_size, metadata } = JSON.parse(await Deno.readTextFile(path)) as EmailJson;
      const receivedAt = metadata.received_at;
      this.#emails.set(path, {
        path,
        sizeBytes: mime_size,
        receivedAt: receivedAt === undefined ? undefined : new Date(receivedAt),
        folder: metadata.folder,
      });
    }
  }

  /** Whether every folder that has a state has everything, and every mailbox has such folders. */
  async isCaughtUp(mailboxCount: number): Promise<boolean> {
    const mailboxes = new Set<string>();
    for await (const path of filesBelow(join(this.#prefix, "state"))) {
      // Beside the states of folders lies how the mailbox is.
      if (path.endsWith("/mailbox.json")) continue;
      const { mailbox, phase } = JSON.parse(await Deno.readTextFile(path)) as StateJson;
      if (phase !== "following") return false;
      mailboxes.add(mailbox);
    }
    return mailboxes.size >= mailboxCount;
  }
}

interface EmailJson {
  readonly mime_size: number;
  readonly metadata: { readonly received_at?: string; readonly folder: readonly string[] };
}

interface StateJson {
  readonly mailbox: string;
  readonly phase: string;
}

/** Complete `.json` files; what is still being written lies in folders that begin with a dot. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const { name, isDirectory } of await entriesOf(folder)) {
    const path = join(folder, name);
    if (name.startsWith(".")) continue;
    if (isDirectory) yield* filesBelow(path);
    else if (name.endsWith(".json")) yield path;
  }
}

async function entriesOf(folder: string): Promise<readonly Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // not yet
    throw error;
  }
}
