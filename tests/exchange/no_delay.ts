import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Of Linux's <netinet/in.h> and <netinet/tcp.h>. */
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_STATE_LISTEN = "0A";

/**
 * Switches Nagle's algorithm off for every connection a listener will accept; they inherit it.
 *
 * The runtime sends each TLS record by itself and offers no such switch for TLS, so that every
 * answer above one record (16 KiB) waits 40 ms for the client's delayed acknowledgement: ten times
 * slower than any real server. Linux lets the option be set on the socket behind its back.
 *
 * Returns whether it was done; without permission for it, or elsewhere, the server is just slow.
 */
export function switchNagleOff(listener: Deno.Listener): boolean {
  const isPermitted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (Deno.build.os !== "linux" || !isPermitted) return false;
  const descriptor = descriptorOf((listener.addr as Deno.NetAddr).port);
  if (descriptor === undefined) return false;
  using libc = loadedLibc();
  const on = new Int32Array([1]);
  const { setsockopt } = libc.symbols;
  return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, on, on.byteLength) === 0;
}

function loadedLibc() {
  const library = Deno.dlopen("libc.so.6", {
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  });
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}

/** The file descriptor of this process that listens on an IPv4 port. */
function descriptorOf(port: number): number | undefined {
  const portHex = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = readFileSync("/proc/self/net/tcp", "utf8").trim().split("\n").slice(1);
  const inodes = sockets.map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${portHex}`) && state === TCP_STATE_LISTEN)
    .map((fields) => `socket:[${fields[9]}]`);
  const descriptor = readdirSync("/proc/self/fd").find((name) => {
    try {
      return inodes.includes(readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      return false; // closed since the folder was read
    }
  });
  return descriptor === undefined ? undefined : Number(descriptor);
}
