import { ServedProcess } from "./served_process.ts";

interface Ready {
  readonly port: number;
}

/** A process in front of a server that can be killed and comes back at the same port. */
export class FrontEnd implements AsyncDisposable {
  readonly port: number;
  readonly #serverPort: number;
  #process: ServedProcess<Ready>;

  private constructor(serverPort: number, process: ServedProcess<Ready>) {
    this.#serverPort = serverPort;
    this.#process = process;
    this.port = process.ready.port;
  }

  static async start(serverPort: number): Promise<FrontEnd> {
    return new FrontEnd(serverPort, await started(0, serverPort));
  }

  /** Ends it without a word, and with it every connection; nobody listens until `restart`. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  async restart(): Promise<void> {
    this.#process = await started(this.port, this.#serverPort);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

function started(port: number, serverPort: number): Promise<ServedProcess<Ready>> {
  return ServedProcess.start("front_end_process.ts", [`${port}`, `${serverPort}`]);
}
