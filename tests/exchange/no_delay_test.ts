import assert from "node:assert/strict";
import { switchNagleOff } from "./no_delay.ts";

const isPossible = Deno.build.os === "linux" &&
  Deno.permissions.querySync({ name: "ffi" }).state === "granted";

Deno.test({
  name: "the listening socket is found and the option set",
  ignore: !isPossible,
  fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    assert.equal(switchNagleOff(listener), true);
  },
});
