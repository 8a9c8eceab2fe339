import assert from "node:assert/strict";
import { undiciCase } from "../../http/testing/undici_case.ts";
import { localSubject } from "../../storage/testing/local_subject.ts";
import { BUCKET } from "../../../tests/platform/platform_subject.ts";
import { SimulatedPlatform } from "../../../tests/platform/simulated_platform.ts";
import { deliver, directly, emailsOn, oddEmails, pushTo } from "./testing/platform_push.ts";

undiciCase(
  "files that are pushed are on the platform as if they had gone there directly",
  async () => {
    const emails = oddEmails();
    await using subject = await localSubject();
    await deliver(subject.sink, emails);
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const stored = { kind: "local", prefix: subject.prefix } as const;
    const { code, printed, complained } = await pushTo(platform, stored, stored);
    assert.equal(code, 0, complained);
    assert.match(printed, /^34 emails \(3\.1 MB\) pushed from /m);
    assert.deepEqual(emailsOn(platform), await directly(emails));
    assert.equal(platform.states.size, 0, "progress is kept beside the emails, not there");
  },
);

undiciCase("cut connections and refused emails cost nothing but the refused emails", async () => {
  const emails = oddEmails();
  await using subject = await localSubject();
  await deliver(subject.sink, emails);
  await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
  platform.poisonIds.add("<7@x>");
  let number = 0;
  platform.intercept = ({ method }) =>
    method === "PUT" && number++ === 1 ? { kind: "reset", when: "after" } : undefined;
  const stored = { kind: "local", prefix: subject.prefix } as const;
  const { code, printed, complained } = await pushTo(platform, stored, stored);
  assert.equal(code, 1);
  assert.match(printed, /^33 emails .*, 1 refused$/m);
  assert.match(complained, /"The platform does not take an email\.".*"<7@x>"/);
  const expected = await directly(emails.filter(({ id }) => id !== "<7@x>"));
  assert.deepEqual(emailsOn(platform), expected);
});

undiciCase(
  "a bucket that is missing fails its mailbox, and a token that is refused the push",
  async () => {
    await using subject = await localSubject();
    await deliver(subject.sink, oddEmails());
    await using platform = new SimulatedPlatform();
    const stored = { kind: "local", prefix: subject.prefix } as const;
    const missing = await pushTo(platform, stored, stored);
    assert.equal(missing.code, 1);
    assert.match(missing.printed, /PlatformBucketMissing/);
    platform.intercept = () => ({ kind: "status", status: 401 });
    const refused = await pushTo(platform, stored, stored);
    assert.equal(refused.code, 4);
    assert.match(refused.complained, /PlatformTokenRefused/);
  },
);
