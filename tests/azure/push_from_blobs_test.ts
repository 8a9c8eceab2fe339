import assert from "node:assert/strict";
import {
  deliver,
  directly,
  emailsOn,
  oddEmails,
  pushTo,
} from "../../src/app/push/testing/platform_push.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { BUCKET } from "../platform/platform_subject.ts";
import { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { azureSubject, CONNECTION_STRING } from "./azure_subject.ts";
import { ACCOUNT, startAzurite } from "./azurite.ts";

undiciCase(
  "blobs that are pushed are on the platform as if they had gone there directly",
  async () => {
    const emails = oddEmails();
    await using azurite = await startAzurite();
    await using subject = await azureSubject(azurite);
    await deliver(subject.sink, emails);
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const { container, prefix } = subject;
    const location = { account: ACCOUNT, container, prefix };
    const { code, complained } = await pushTo(platform, { kind: "azure", location }, {
      kind: "azure",
      location,
      endpoint: new URL(azurite.endpoint),
      variable: (name) =>
        name === "AZURE_STORAGE_CONNECTION_STRING" ? CONNECTION_STRING : undefined,
      readFile: () => Promise.reject(new Error("No file is read")),
      proxyFor: () => undefined,
    });
    assert.equal(code, 0, complained);
    assert.deepEqual(emailsOn(platform), await directly(emails));
  },
);
