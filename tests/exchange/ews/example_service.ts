import { AccessRights, type Account } from "../access_rights.ts";
import { Ledger } from "../ledger.ts";
import { MailboxStore } from "../mailbox_store.ts";
import { Notifications } from "../notifications.ts";
import { mimeOf } from "../mime_source.ts";
import { seededEntropy } from "../seeded_entropy.ts";
import type { SimulatedMailbox } from "../simulated_mailbox.ts";
import { type CallRecord, exchangeService } from "./exchange_service.ts";
import { envelopeOf, type EnvelopeOptions } from "./example_requests.ts";
import type { ServerProduct } from "./server_version.ts";
import { parseXml, type XmlElement } from "./xml_tree.ts";

/** A service with one mailbox and an account that may read it, without a socket. */
export interface ExampleService {
  readonly store: MailboxStore;
  readonly rights: AccessRights;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly notifications: Notifications;
  readonly mailbox: SimulatedMailbox;
  /** Sends a request, raw or around a body. */
  ask(body: string, options?: AskOptions): Promise<ExampleAnswer>;
  /** Makes the clock the store reads go on. */
  passTime(ms: number): void;
}

export interface AskOptions extends EnvelopeOptions {
  readonly headers?: ReadonlyMap<string, string>;
  /** The body is a whole request already. */
  readonly raw?: boolean;
}

export interface ExampleAnswer {
  readonly status: number;
  readonly text: string;
  readonly xml: XmlElement;
  readonly record: CallRecord;
}

export const ADDRESS = "anna@corp.example";

export function exampleService(product: ServerProduct = "Exchange2019"): ExampleService {
  let now = Date.UTC(2024, 4, 6, 7, 8, 9, 250);
  const clock = { now: () => new Date(now) };
  const store = new MailboxStore({ clock, entropy: seededEntropy(7) });
  const rights = new AccessRights();
  const account = {
    user: "svc",
    domain: "CORP",
    principalName: "svc@corp.example",
    password: "secret",
    mailbox: ADDRESS,
  };
  const ledger = new Ledger(clock);
  const observeMime = ledger.observeMime.bind(ledger);
  const notifications = new Notifications(store, clock.now);
  const service = exchangeService({ store, rights, product, observeMime, notifications });
  return {
    store,
    rights,
    account,
    ledger,
    notifications,
    mailbox: store.addMailbox(ADDRESS),
    passTime: (ms) => now += ms,
    async ask(body, options = {}) {
      const text = options.raw ? body : envelopeOf(body, options);
      const headers = options.headers ?? new Map<string, string>();
      const answer = service.handle({ headers, account, body: text });
      const chunks = await Array.fromAsync(answer.body);
      const decoder = new TextDecoder();
      const answered = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
      return {
        status: answer.status,
        text: answered,
        get xml() {
          return parseXml(answered);
        },
        record: answer.record,
      };
    },
  };
}

/** An email whose every line is told by one number. */
export function numberedEmail(number: number) {
  return mimeOf(
    `From: a@example.com\nTo: b@example.com\nDate: Mon, 06 May 2024 07:00:00 +0000\n` +
      `Subject: Number ${number}\nMessage-ID: <number-${number}@example.com>\n\nBody ${number}\n`,
  );
}

const ATTACHED_EMAIL = "From: Inner <inner@example.com>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" +
  "Message-ID: <inner@example.com>\n\nThe inner body\n";

/** An email with a file (the bytes 0 to 255) and an email attached. */
export const NESTED_EMAIL = mimeOf(
  "From: outer@example.com\nSubject: Outer\nMIME-Version: 1.0\n" +
    'Content-Type: multipart/mixed; boundary="cut"\n\n--cut\nContent-Type: text/plain\n\nHello\n' +
    '--cut\nContent-Type: application/octet-stream; name="all.bin"\n' +
    "Content-Transfer-Encoding: base64\n\n" +
    `${Uint8Array.from({ length: 256 }, (_, index) => index).toBase64()}\n` +
    `--cut\nContent-Type: message/rfc822\n\n${ATTACHED_EMAIL}\n--cut--\n`,
);

/** All elements of a name below one, in document order. */
export function elementsNamed(xml: XmlElement, name: string): readonly XmlElement[] {
  const own = xml.name === name ? [xml] : [];
  return [...own, ...xml.children.flatMap((child) => elementsNamed(child, name))];
}

/** Values of an attribute of all elements of a name. */
export function attributesNamed(xml: XmlElement, element: string, attribute: string) {
  return elementsNamed(xml, element).map((found) => found.attributes.get(attribute));
}

/** Text of all elements of a name. */
export function textsNamed(xml: XmlElement, name: string): readonly string[] {
  return elementsNamed(xml, name).map((found) => found.text);
}
