import assert from "node:assert/strict";
import { folderListsOf, participantListsOf, warnOfLists } from "./mailbox_lists.ts";
import { noFindings, problemLine } from "./problem.ts";
import { givenInFile, readKeys } from "./read_keys.ts";
import { type JsonObject, MAILBOX_KEYS } from "./schema.ts";

function valuesOf(keys: JsonObject) {
  const findings = noFindings();
  const { values } = readKeys(MAILBOX_KEYS, givenInFile(keys), "m", findings);
  assert.deepEqual(findings, noFindings());
  return values;
}

function warnings(keys: JsonObject): readonly string[] {
  const findings = noFindings();
  warnOfLists(valuesOf(keys), "m", findings);
  assert.deepEqual(findings.problems, []);
  return findings.warnings.map(problemLine);
}

Deno.test("without lists nothing is restricted, and empty lists are as if absent", () => {
  const empty = {
    folder_allowlist: [],
    folder_denylist: [],
    participant_allowlist: [],
    participant_denylist: [],
    participant_domain_allowlist: [],
    participant_domain_denylist: [],
  };
  for (const keys of [{}, empty]) {
    assert.equal(folderListsOf(valuesOf(keys)), undefined);
    assert.equal(participantListsOf(valuesOf(keys)), undefined);
  }
  assert.deepEqual(warnings({}), []);
  assert.deepEqual(
    warnings(empty),
    Object.keys(empty).map((key) =>
      `m.${key}: is empty and restricts nothing, as if it were absent`
    ),
  );
});

Deno.test("one list of a pair leaves the other absent: absent allows everything", () => {
  const inbox = [["Inbox"]];
  assert.deepEqual(folderListsOf(valuesOf({ folder_allowlist: inbox, folder_denylist: [] })), {
    allow: inbox,
  });
  assert.deepEqual(folderListsOf(valuesOf({ folder_denylist: inbox })), { deny: inbox });
  assert.deepEqual(participantListsOf(valuesOf({ participant_denylist: ["a@b.c"] })), {
    deny: { addresses: ["a@b.c"], domains: [] },
  });
  assert.deepEqual(
    participantListsOf(
      valuesOf({ participant_allowlist: [], participant_domain_allowlist: ["b.c"] }),
    ),
    { allow: { addresses: [], domains: ["b.c"] } },
  );
});

Deno.test("addresses and domains are in lower case and without duplicates, in their order", () => {
  const keys = {
    participant_allowlist: ["B@X.com", "a@x.com", "b@x.com"],
    participant_domain_allowlist: ["X.com", "x.COM"],
    participant_denylist: ["C@x.com"],
    participant_domain_denylist: ["BÜCHER.example"],
  };
  assert.deepEqual(participantListsOf(valuesOf(keys)), {
    allow: { addresses: ["b@x.com", "a@x.com"], domains: ["x.com"] },
    deny: { addresses: ["c@x.com"], domains: ["bücher.example"] },
  });
});

Deno.test("what stands in both lists is warned of, as deny wins; case is no difference", () => {
  assert.deepEqual(
    warnings({
      folder_allowlist: [["Inbox", "Old"], ["Sent Items"]],
      folder_denylist: [["Inbox"], ["inbox", "OLD"]],
      participant_allowlist: ["a@b.c", "x@b.c"],
      participant_denylist: ["A@b.c"],
      participant_domain_allowlist: ["x.y"],
      participant_domain_denylist: ["z.y", "X.y"],
    }),
    [
      'm.folder_denylist[1] = ["inbox", "OLD"]: is in "folder_allowlist", too; "folder_denylist" wins',
      'm.participant_denylist[0] = "A@b.c": is in "participant_allowlist", too; ' +
      '"participant_denylist" wins',
      'm.participant_domain_denylist[1] = "X.y": is in "participant_domain_allowlist", too; ' +
      '"participant_domain_denylist" wins',
    ],
  );
});
