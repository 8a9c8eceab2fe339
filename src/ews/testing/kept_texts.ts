/*
 * A process that reads many large answers, keeps a short text of each as a folder's state does, and
 * says how much memory its heap has once everything else is collected, bytes. Needs `gc`.
 */
import { parseElements } from "../xml_parser.ts";

const DOCUMENTS = 300;
const ITEMS = "<t:ItemId Id='0123456789abcdef0123456789abcdef'/>".repeat(2_000);

const kept: unknown[] = [];
for (let at = 0; at < DOCUMENTS; at++) {
  const token = `${at} `.padEnd(200, "token");
  const { children, attributes } = parseElements(
    `<a b='${token}'><c>${token}</c><d><![CDATA[${token}]]></d>${ITEMS}</a>`,
  );
  kept.push(children[0]!.content, children[1]!.content, attributes!.get("b"));
}
(globalThis as unknown as { readonly gc: () => void }).gc();
const { heapUsed } = Deno.memoryUsage();
console.log(JSON.stringify({ heapUsed, keptTexts: kept.length }));
