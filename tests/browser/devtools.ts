/** A client of the Chrome DevTools protocol over its WebSocket, with flat sessions. */

export type Params = Readonly<Record<string, unknown>>;

/** An event of a session. */
export interface DevtoolsEvent {
  readonly method: string;
  readonly params: Params;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

interface Pending {
  readonly resolve: (result: Params) => void;
  readonly reject: (error: Error) => void;
}

export class Devtools implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Set<(event: DevtoolsEvent) => void>>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new Error("The browser is gone"));
      this.#closed.resolve();
    };
  }

  static async connect(url: string): Promise<Devtools> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`No DevTools at ${url}`));
    });
    return new Devtools(socket);
  }

  /** Sends a command and resolves to its result. */
  send(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Params>();
    this.#pending.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return promise;
  }

  /** Calls back at every event of a session. */
  listen(sessionId: string, listener: (event: DevtoolsEvent) => void): void {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners.add(listener));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }

  #receive({ id, sessionId, method, params = {}, result, error }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners.get(sessionId ?? "") ?? []) {
        listener({ method: method ?? "", params });
      }
      return;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending?.reject(new Error(error.message));
    else pending?.resolve(result ?? {});
  }
}
