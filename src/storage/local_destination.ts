import type { Env } from "../core/env.ts";
import type { Sink, StateStore } from "../core/ports.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { FileSystem } from "./file_system.ts";
import { LocalObjectStore } from "./local_object_store.ts";
import { ObjectSink } from "./object_sink.ts";
import { ObjectStateStore } from "./object_state_store.ts";

export interface LocalDestinationOptions {
  /** `--local-files-prefix`: the folder with `data/` and `state/`; created when first needed. */
  readonly prefix: string;
  /** Emails being written at one time, whole process: `max_concurrent_uploads`, at least 1. */
  readonly uploads: Semaphore;
  readonly env: Env;
  /** Of this program, e.g. `0.1.0`; written into every state. */
  readonly programVersion: string;
  /** Default: the operating system's. */
  readonly files?: FileSystem;
}

export interface Destination {
  readonly sink: Sink;
  readonly states: StateStore;
}

/** Local files as the destination: emails, states and locks below one folder (spec section 5). */
export function createLocalDestination(
  { prefix, uploads, env, programVersion, files }: LocalDestinationOptions,
): Destination {
  const store = new LocalObjectStore({ root: prefix, log: env.log, ...(files ? { files } : {}) });
  return {
    sink: new ObjectSink({ store, uploads, env }),
    states: new ObjectStateStore({ store, env, programVersion }),
  };
}
