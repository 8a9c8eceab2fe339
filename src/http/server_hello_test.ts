import assert from "node:assert/strict";
import { CIPHERS, clientHello } from "./client_hello.ts";
import { ServerHelloReader } from "./server_hello.ts";

/** Messages of a handshake in one record. */
function record(...messages: readonly (readonly number[])[]): Uint8Array {
  const content = messages.flat();
  return Uint8Array.from([22, 3, 3, content.length >> 8, content.length & 255, ...content]);
}

function message(type: number, ...body: readonly number[]): readonly number[] {
  return [type, 0, body.length >> 8, body.length & 255, ...body];
}

function hello(version: number, cipher: number): readonly number[] {
  const random = Array<number>(32).fill(7);
  return message(2, version >> 8, version & 255, ...random, 0, cipher >> 8, cipher & 255, 0);
}

const CERTIFICATE = message(11, 0, 0, 9, 0, 0, 2, 1, 2, 0, 0, 1, 3);
const KEY_EXCHANGE = message(12, 3, 0, 25, 0);
const CERTIFICATE_REQUEST = message(13, 1, 1);
const DONE = message(14);

function read(...parts: readonly Uint8Array[]) {
  const reader = new ServerHelloReader();
  for (const part of parts) reader.add(part);
  return { ended: reader.ended, hello: reader.hello };
}

Deno.test("a whole hello is read, in one record or in many, and byte by byte", () => {
  const messages = [hello(0x0303, 0xc030), CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_REQUEST, DONE];
  const expected = {
    ended: true,
    hello: {
      version: 0x0303,
      cipher: 0xc030,
      chain: [Uint8Array.of(1, 2), Uint8Array.of(3)],
      curve: 25,
      asksForCertificate: true,
      complete: true,
    },
  };
  const one = record(...messages);
  assert.deepEqual(read(one), expected);
  assert.deepEqual(read(...messages.map((part) => record(part))), expected);
  assert.deepEqual(read(...[...one].map((byte) => Uint8Array.of(byte))), expected);
  // A message may go over several records.
  const halves = messages.flat();
  assert.deepEqual(read(record(halves.slice(0, 50)), record(halves.slice(50))), expected);
});

Deno.test("what has not arrived is not known, and nothing is made up", () => {
  const begun = read(record(hello(0x0301, 0x002f)));
  assert.equal(begun.ended, false);
  assert.deepEqual(begun.hello, {
    version: 0x0301,
    cipher: 0x002f,
    chain: [],
    asksForCertificate: false,
    complete: false,
  });
  assert.deepEqual(read(record(hello(0x0303, 0xc030)).subarray(0, 40)), {
    ended: false,
    hello: undefined,
  });
});

Deno.test("an answer that is no hello ends the reading", () => {
  const text = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");
  const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
  const outOfOrder = record(CERTIFICATE);
  const tooShort = record(message(2, 3, 3));
  for (const bytes of [text, alert, outOfOrder, tooShort]) {
    assert.deepEqual(read(bytes), { ended: true, hello: undefined });
  }
});

Deno.test("lengths that lie neither fail nor go on for ever", () => {
  const lying = record(
    hello(0x0303, 0xc030),
    message(11, 0, 0, 9, 0, 255, 255, 1),
    message(12),
    DONE,
  );
  assert.equal(read(lying).hello?.complete, true);
  assert.deepEqual(read(lying).hello?.chain, []);
  const endless = Uint8Array.from([22, 3, 3, 255, 255]);
  const flood = Array.from({ length: 20 }, () => new Uint8Array(16_384));
  assert.equal(read(endless, ...flood).ended, true);
});

Deno.test("a client hello states its own lengths and offers every cipher", () => {
  const host = "exchange.test";
  const bytes = clientHello(host);
  const view = new DataView(bytes.buffer);
  assert.equal(view.getUint16(3), bytes.length - 5);
  assert.equal(view.getUint32(5) & 0xffffff, bytes.length - 9);
  assert.equal(view.getUint16(44), CIPHERS.size * 2);
  const text = new TextDecoder("latin1").decode(bytes);
  assert.ok(text.includes(host));
  assert.ok(clientHello(undefined).length < bytes.length - host.length);
});
