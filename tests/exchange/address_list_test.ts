import assert from "node:assert/strict";
import { addressesIn } from "./address_list.ts";

Deno.test("addresses are found among quoted names, comments, encoded words, routes and groups", () => {
  const cases: readonly (readonly [string, readonly (readonly [string, string?])[]])[] = [
    ["a@x.example", [["a@x.example", "a@x.example"]]],
    ["Ann <a@x.example>, b@y.example", [["Ann", "a@x.example"], ["b@y.example", "b@y.example"]]],
    ['"Miller, Ann" <a@x.example>', [["Miller, Ann", "a@x.example"]]],
    ['"A \\"B\\" C" <a@x.example>', [['A "B" C', "a@x.example"]]],
    ["a@x.example (Ann (home))", [["Ann (home)", "a@x.example"]]],
    ["=?utf-8?q?J=C3=BCrgen?= <j@x.example>", [["Jürgen", "j@x.example"]]],
    ["<@relay.example:a@x.example>", [["a@x.example", "a@x.example"]]],
    ["Team: a@x.example, Ben <b@x.example>;, c@x.example", [
      ["a@x.example", "a@x.example"],
      ["Ben", "b@x.example"],
      ["c@x.example", "c@x.example"],
    ]],
    ["undisclosed-recipients:;", []],
    ['"odd name"@x.example', [['"odd name"@x.example', '"odd name"@x.example']]],
    ["Just a name", [["Just a name"]]],
    [" , ,", []],
    ["Ann <a@x.example", [["Ann", "a@x.example"]]],
  ];
  for (const [field, expected] of cases) {
    const found = addressesIn(field).map(({ name, address }) => [name, address].filter(Boolean));
    assert.deepEqual(found, expected, field);
  }
});
